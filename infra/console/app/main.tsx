import { render } from "hono/jsx/dom";
import { App } from "./app.tsx";
import { stopBusyClicks } from "./state/busy.ts";
import { startClock } from "./state/clock.ts";
import { startHostSummary } from "./state/host.ts";
import { labelCells } from "./state/label-cells.ts";
import { applyTheme } from "./state/preferences.ts";
import { startRouter } from "./state/router.ts";

applyTheme();
startClock();
startRouter();
startHostSummary();
stopBusyClicks();
const root = document.getElementById("app");
if (root === null) throw new Error("the document has no element for the app");
labelCells(root);
render(<App />, root);
