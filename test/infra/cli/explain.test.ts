import { afterAll, expect, test } from "bun:test";
import { runCommand } from "../../support/command.ts";

const detail = "Topic is not declared: the read-only token shows declared topics only.";
const host = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => Response.json({ detail }, { status: 403 }),
});
afterAll(() => host.stop(true));

test("where the host refuses, as it does to the read-only token, the servers are asked, and it says so", async () => {
  const config = {
    kafka: { brokers: ["127.0.0.1:1"] },
    elasticsearch: { nodes: ["http://127.0.0.1:1"] },
  };
  const { origin } = host.url;
  const { out, error, code } = await runCommand("explain", config, ["app", "--host", origin]);
  expect({ error, code }).toEqual({ error: "", code: 1 });
  expect(out).toStartWith("app: no source declares it\n→ declare it\n");
  expect(out).toContain(`Without a host (the host at ${origin} answered 403: "${detail}"): `);
}, 60_000);
