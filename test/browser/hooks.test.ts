import { expect, test } from "bun:test";
import { join } from "node:path";
import { describeInBrowser, useBrowser } from "../support/browser.ts";

const root = join(import.meta.dir, "../..");
const hooks = join(root, "infra/console/app/hooks/hooks.ts");

/** A component that is drawn twice before its first frame, removed, and told something afterwards. */
const page = `
import { render } from "hono/jsx/dom";
import { jsx } from "hono/jsx/dom/jsx-runtime";
import { useEffect, useState } from ${JSON.stringify(hooks)};
const counts = { begun: 0, ended: 0, drawn: 0 };
let count, show;
function Child() {
  const [, set] = useState(0);
  count = set;
  useEffect(() => {
    counts.begun += 1;
    return () => void (counts.ended += 1);
  }, []);
  return jsx("p", { children: "child" });
}
function Parent() {
  const [isShown, set] = useState(true);
  show = set;
  return jsx("div", { children: isShown ? jsx(Child, {}) : null });
}
const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
render(jsx(Parent, {}), document.body);
count(1);
await drawn();
show(false);
await drawn();
for (const late of [2, 3]) {
  count(late);
  await drawn();
}
counts.drawn = document.querySelectorAll("p").length;
show(true);
await Promise.resolve();
show(false);
await drawn();
globalThis.counts = counts;
`;

describeInBrowser("hooks of the console", () => {
  const browser = useBrowser();

  test("an effect runs and ends once, and a component that is gone is not drawn again", async () => {
    const entry = join(root, "hooks-page.ts");
    const { outputs } = await Bun.build({
      entrypoints: [entry],
      files: { [entry]: page },
      target: "browser",
    });
    await using opened = await browser.open("data:text/html,<body></body>");
    await opened.page.addScriptTag({ content: (await outputs[0]?.text()) ?? "", type: "module" });
    await opened.page.waitForFunction("globalThis.counts");
    expect(await opened.page.evaluate("counts")).toEqual({ begun: 1, ended: 1, drawn: 0 });
    expect(opened.faults).toEqual([]);
  }, 240_000);
});
