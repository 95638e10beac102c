import { expect, test } from "bun:test";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../infra/deploy/prometheus");
/** Comes with Prometheus; on Debian `apt-get install prometheus`. */
const promtool = Bun.which("promtool");

test.skipIf(promtool === null)(
  "the alerts fire when they should, and else not, says promtool (skipped where there is none)",
  async () => {
    const child = Bun.spawn([promtool ?? "", "test", "rules", "alerts.test.yaml"], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ code, out, error }).toEqual({ code: 0, out: expect.stringContaining("SUCCESS"), error: "" });
  },
  240_000,
);
