import { afterAll, expect, test } from "bun:test";
import { createHostClient, type HostAddress } from "../../../../lib/adapters/host/host-client.ts";
import { rejection } from "../../../support/rejection.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";

const asked: (string | null)[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    asked.push(request.headers.get("authorization"));
    const { pathname } = new URL(request.url);
    if (pathname === "/topics") return Response.json([]);
    if (pathname === "/moved") return Response.redirect("/topics");
    if (pathname === "/busy")
      return Response.json({ detail: "Too many\u001b[2J requests." }, { status: 429 });
    return new Response(null, { status: pathname === "/locked" ? 401 : 404 });
  },
});
afterAll(() => server.stop(true));

const { signal } = new AbortController();
const clientOf = (changes: Partial<HostAddress> = {}) =>
  createHostClient({
    hostname: "127.0.0.1",
    port: server.port ?? 0,
    token: null,
    readOnlyToken: null,
    tls: null,
    url: null,
    ...changes,
  });

test("a host is asked where the config says that it listens, with the weaker token", async () => {
  const client = clientOf({ token: new Secret("full"), readOnlyToken: new Secret("weak") });
  expect(await client?.get("/topics", signal)).toEqual([]);
  expect(asked.at(-1)).toBe("Bearer weak");
});

test.each([
  ["0.0.0.0", "http://127.0.0.1:8080"],
  ["::", "http://[::1]:8080"],
  ["fd00::1", "http://[fd00::1]:8080"],
  ["penstock.example", "http://penstock.example:8080"],
])("one that listens on %s, at %s", (hostname, url) => {
  expect(clientOf({ hostname, port: 8080 })?.url).toBe(url);
});

test("a free port is not known; an address that is given counts", () => {
  expect(clientOf({ port: 0 })).toBeNull();
  expect(clientOf({ port: 0, url: "http://h:1" })?.url).toBe("http://h:1");
});

const refusalOf = async (path: string, changes: Partial<HostAddress> = {}) =>
  rejection(clientOf(changes)?.get(path, signal) ?? Promise.resolve());

test("a route that is not there may be of a newer version; refusals are told without acting on a terminal", async () => {
  expect(await refusalOf("/none")).toMatchObject({
    code: "host_unavailable",
    message: expect.stringMatching(/^the host at .* answered 404; it may be an older version of Penstock$/),
  });
  expect(await refusalOf("/locked")).toMatchObject({
    code: "host_refused",
    message: expect.stringContaining("another token than the config"),
  });
  expect(await refusalOf("/busy")).toMatchObject({
    message: expect.stringContaining(String.raw`answered 429: "Too many\u001b[2J requests."`),
  });
});

test("a token follows no redirect", async () => {
  const before = asked.length;
  expect(await refusalOf("/moved")).toMatchObject({ code: "host_unavailable" });
  expect(asked).toHaveLength(before + 1);
});

test("nobody listening is told in words", async () => {
  expect(await refusalOf("/topics", { url: "http://127.0.0.1:1" })).toMatchObject({
    code: "host_unavailable",
    message: "no host answers at http://127.0.0.1:1: nobody listens there",
  });
});
