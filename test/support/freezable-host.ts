// A host whose event loop blocks forever at SIGUSR2; its argument is the watchdog's limit in milliseconds (test/integration/watchdog.test.ts).
import { run } from "../../infra/host/main.ts";

process.on("SIGUSR2", () => {
  for (;;);
});
const [limitMs, ...argv] = process.argv.slice(2);
await run(argv, Number(limitMs));
