import { describe, expect, test } from "bun:test";
import { accessOf } from "../../../../../infra/host/http/auth/access.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";
import { bearer, problemOf, setUp, token } from "../fixture.ts";

const readOnlyToken = "may-look-and-not-change";
const tokens = { token, readOnlyToken };
const secrets = { token: new Secret(token), readOnlyToken: new Secret(readOnlyToken) };
const own = { origin: "http://127.0.0.1:8080" };
type Ask = ReturnType<typeof setUp>["ask"];

async function signIn(ask: Ask, given: string) {
  const headers = { ...own, "content-type": "application/json" };
  const answer = await ask("/session", { method: "POST", headers, body: JSON.stringify({ token: given }) });
  return { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

test("a token is told by the whole of it, whatever its length", () => {
  expect(accessOf(token, secrets)).toBe("full");
  expect(accessOf(readOnlyToken, secrets)).toBe("read-only");
  for (const given of [
    "",
    "x",
    token.slice(0, -1),
    `${token}x`,
    token.toUpperCase(),
    "x".repeat(100_000),
    "é\0",
  ])
    expect(accessOf(given, secrets)).toBeNull();
  expect(accessOf(readOnlyToken, { ...secrets, readOnlyToken: null })).toBeNull();
  expect(accessOf("", { ...secrets, readOnlyToken: null })).toBeNull();
});

describe("the read-only token", () => {
  const changes = [
    ["POST", "/reconcile"],
    ["POST", "/reconcile?dryRun=false"],
    ["POST", "/reconcile?dryRun=true&accept=etcd"],
    ["POST", "/reconcile?dryRun=true&dryRun=false"],
    ["POST", "/reconcile?dryRun=True"],
    ["POST", "/reconcile?plan=x"],
    ["POST", "/declarations"],
    ["POST", "/declarations?dryrun=true"],
    ["POST", "/replay"],
    ["POST", "/replay?dryRun=true"],
    ["POST", "/ingest"],
    ["POST", "/ingest?dryRun=true"],
    ["DELETE", "/topics"],
    ["PUT", "/reconcile?dryRun=true"],
    ["PURGE", "/"],
  ] as const;
  /** What holds no data is answered to everybody: 405. */
  const closed = changes.filter(([, path]) => path !== "/");

  test.each(closed)("is 403 for %s %s, by header and by cookie", async (method, path) => {
    const { ask, reconciles } = setUp(tokens);
    const cookie = await signIn(ask, readOnlyToken);
    for (const headers of [bearer(readOnlyToken), { ...cookie, ...own }]) {
      const answer = await ask(path, { method, headers });
      expect(answer.status).toBe(403);
      expect((await problemOf(answer)).detail).toBe(
        "The read-only token may read and make dry runs, but not change anything.",
      );
    }
    expect(reconciles).toEqual([]);
  });

  test("may not call what was added past the definitions, and a stranger sees nothing of it", async () => {
    const { app, ask } = setUp({ ...tokens, openMetrics: true });
    app.all("/sneaked", (c) => c.text("in"));
    expect((await ask("/sneaked")).status).toBe(401);
    const headers = bearer(readOnlyToken);
    expect((await ask("/sneaked", { headers })).status).toBe(200);
    expect((await ask("/sneaked", { method: "POST", headers })).status).toBe(403);
  });

  test("looks, and runs dry", async () => {
    const { ask, reconciles } = setUp(tokens);
    const headers = { ...(await signIn(ask, readOnlyToken)), ...own };
    for (const path of ["/topics", "/metrics", "/openapi.json", "/ui/events?view=topics"]) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(path, { method, headers });
        expect({ path, method, status: answer.status }).toEqual({ path, method, status: 200 });
        await answer.body?.cancel();
      }
    }
    expect((await ask("/reconcile?dryRun=true", { method: "POST", headers })).status).toBe(200);
    expect(reconciles).toMatchObject([{ dryRun: true, acceptEtcd: false, expectedHash: null }]);
  });

  test("a session is worth what its token is worth now", async () => {
    const { ask, inForce } = setUp(tokens);
    const [full, readOnly] = [await signIn(ask, token), await signIn(ask, readOnlyToken)];
    const accessWith = async (headers: Record<string, string>) => (await ask("/session", { headers })).json();
    expect(await accessWith(full)).toEqual({ access: "full" });
    expect(await accessWith(readOnly)).toEqual({ access: "read-only" });
    expect(await accessWith({})).toEqual({ access: null });
    inForce.http = { ...inForce.http, readOnlyToken: null };
    expect(await accessWith(readOnly)).toEqual({ access: null });
    expect((await ask("/topics", { headers: readOnly })).status).toBe(401);
    inForce.http = { ...inForce.http, token: secrets.readOnlyToken };
    expect(await accessWith(full)).toEqual({ access: null });
    expect(await accessWith(readOnly)).toEqual({ access: "full" });
  });

  test("signs out, and ends nobody else's session however often it signs in", async () => {
    const { ask } = setUp(tokens);
    const full = await signIn(ask, token);
    let readOnly = await signIn(ask, readOnlyToken);
    for (let opened = 0; opened < 1_100; opened++) readOnly = await signIn(ask, readOnlyToken);
    expect((await ask("/topics", { headers: full })).status).toBe(200);
    expect((await ask("/session", { method: "DELETE", headers: { ...readOnly, ...own } })).status).toBe(204);
    expect((await ask("/topics", { headers: readOnly })).status).toBe(401);
  });
});

test("without a token everybody here has full access", async () => {
  expect(await (await setUp().ask("/session")).json()).toEqual({ access: "full" });
});

describe("wrong tokens", () => {
  const wrong = (ask: Ask) => ask("/topics", { headers: bearer("wrong") });

  test("are 429 after ten, and a right one still gets in", async () => {
    const { ask, inForce, logged } = setUp(tokens);
    for (let tries = 0; tries < 10; tries++) expect((await wrong(ask)).status).toBe(401);
    const refused = await wrong(ask);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("6");
    expect((await problemOf(refused)).detail).toContain("A right one is still let in.");
    expect((await ask("/topics", { headers: bearer(token) })).status).toBe(200);
    expect((await ask("/topics", { headers: bearer(readOnlyToken) })).status).toBe(200);
    expect((await ask("/topics", { headers: await signIn(ask, token) })).status).toBe(200);
    inForce.now += 6_000;
    expect((await wrong(ask)).status).toBe(401);
    expect(logged.every(({ message }) => message === "a wrong access token was sent")).toBe(true);
    expect(JSON.stringify(logged)).not.toContain(readOnlyToken);
  });

  test("count by header and at the sign-in alike; what was no token does not", async () => {
    const { ask } = setUp(tokens);
    for (let tries = 0; tries < 20; tries++) {
      await ask("/topics");
      await ask("/topics", { headers: { authorization: "Basic eDp5" } });
      await ask("/topics", { headers: { cookie: "penstock_session=gone" } });
    }
    for (let tries = 0; tries < 10; tries++) await signIn(ask, "wrong");
    expect((await wrong(ask)).status).toBe(429);
  });
});

describe("with a token, a Host header", () => {
  test.each([
    "a, b",
    "a b",
    "a/b",
    "",
    "a:b",
    "user@a",
    "a?b",
    "a#b",
    "[::1",
    "a\\b",
    "a:65536",
    "1.2.3.256",
    "%00",
    "[1]",
  ])("of %j is refused", async (host) => {
    const { ask } = setUp(tokens);
    for (const path of ["/healthz", "/topics", "/"]) {
      const answer = await ask(path, { headers: { ...bearer(token), host } });
      expect(answer.status).toBe(400);
      expect((await problemOf(answer)).detail).toBe("The Host header must name one host.");
    }
  });

  test.each([
    "logs.example.org",
    "LOGS:443",
    "10.0.0.1:8080",
    "[2001:db8::1]:8080",
    "a_b",
    "xn--bcher-kva.example.",
  ])("of %j is answered", async (host) =>
    expect((await setUp(tokens).ask("/topics", { headers: { ...bearer(token), host } })).status).toBe(200),
  );
});

describe("signing in from elsewhere", () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  test.each([
    [{ origin: "http://evil.example" }],
    [{ origin: "null" }],
    [{ origin: "http://127.0.0.1:8080.evil.example" }],
    [{ origin: "http://evil@127.0.0.1:8080" }],
    [{ origin: "http://127.0.0.1:8080", "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
  ])(
    "is refused, so that nobody is signed in as somebody else: %j",
    async (headers: Record<string, string>) => {
      const body = new URLSearchParams({ token }).toString();
      const answer = await setUp(tokens).ask("/session", {
        method: "POST",
        headers: { ...form, ...headers },
        body,
      });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("set-cookie")).toBeNull();
    },
  );

  test("a form cannot send what a write takes", async () => {
    const { ask } = setUp(tokens);
    const headers = { ...(await signIn(ask, token)), ...own };
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      for (const path of ["/declarations", "/replay", "/ingest"]) {
        const sent = { method: "POST", headers: { ...headers, "content-type": type }, body: "{}" };
        expect((await ask(path, sent)).status).toBe(415);
      }
    }
  });
});
