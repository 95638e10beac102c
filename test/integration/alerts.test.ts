import { expect, test } from "bun:test";
import { join } from "node:path";
import { outputOf } from "../support/command.ts";

const folder = join(import.meta.dir, "../../infra/deploy/prometheus");
/** Comes with Prometheus; on Debian `apt-get install prometheus`. */
const promtool = Bun.which("promtool");

test.skipIf(promtool === null)(
  "the alerts fire when they should, and else not, says promtool (skipped where there is none)",
  async () => {
    const ended = await outputOf([promtool ?? "", "test", "rules", "alerts.test.yaml"], { cwd: folder });
    expect(ended).toEqual({ code: 0, out: expect.stringContaining("SUCCESS"), error: "" });
  },
  240_000,
);
