import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";

/** Longer than all starts and stops of it take, if nothing hangs. */
const LIMIT_MS = 200_000;

test("a start that fails half-way, wherever it is, leaves no port, client, file or timer behind", async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../support/failing-start.ts")], {
    stdout: "pipe",
    stderr: "inherit",
    timeout: LIMIT_MS,
  });
  const said = z.object({ ends: z.array(z.string()), left: z.number() });
  const { ends, left } = said.parse(JSON.parse(await child.stdout.text()));
  expect([await child.exited, left]).toEqual([0, 0]);
  expect([ends[0], ends.at(-1)]).toEqual(["http_unavailable", "stopped"]);
  const failed = ends.slice(1, -1);
  expect(new Set(failed)).toEqual(new Set(["failed"]));
  expect(failed.length).toBeGreaterThanOrEqual(3);
}, 240_000);
