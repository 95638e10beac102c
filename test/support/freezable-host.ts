// A host whose event loop stands still for good at SIGUSR2, and may for so many milliseconds: see test/integration/watchdog.test.ts.
import { main } from "../../infra/host/main.ts";

process.on("SIGUSR2", () => {
  for (;;);
});
const [limitMs, ...argv] = process.argv.slice(2);
await main(argv, Number(limitMs));
