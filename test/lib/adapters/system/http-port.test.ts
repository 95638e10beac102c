import { expect, test } from "bun:test";
import { examinePort } from "../../../../lib/adapters/system/http-port.ts";
import { settings } from "../../../support/settings.ts";

const examine = (port: number, hostname = "127.0.0.1") =>
  examinePort({ ...settings().http, hostname, port }, AbortSignal.timeout(5_000));

function serve(answer: (path: string) => Response) {
  return Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: ({ url }) => answer(new URL(url).pathname) });
}

test("a used port is reported as Penstock's or another program's, and as free once closed", async () => {
  const ours = serve((path) =>
    path === "/healthz" ? new Response("ok\n") : Response.json({ checks: {} }, { status: 503 }),
  );
  const other = serve(() => new Response("hello"));
  const port = other.port ?? 0;
  try {
    expect(await examine(ours.port ?? 0)).toEqual({ kind: "penstock" });
    expect(await examine(port)).toEqual({ kind: "taken" });
  } finally {
    await Promise.all([ours.stop(true), other.stop(true)]);
  }
  expect(await examine(port)).toEqual({ kind: "free" });
});

test("an address of another machine is refused with the reason", async () => {
  expect(await examine(8080, "192.0.2.1")).toEqual({ kind: "refused", reason: expect.any(String) });
});
