import { describe, expect, test } from "bun:test";
import { bearer, problemOf, setUp, token } from "../fixture.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";

describe("without a token", () => {
  test.each(["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"])(
    "a Host header of %s is answered",
    async (host) => expect((await setUp().ask("/topics", { headers: { host } })).status).toBe(200),
  );

  test.each(["example.org", "127.0.0.1.example.org", "localhost.example.org:8080", "10.0.0.1", ""])(
    "a Host header of %j is refused on every route",
    async (host) => {
      for (const path of ["/topics", "/", "/healthz", "/metrics", "/nope"]) {
        const response = await setUp().ask(path, { headers: { host } });
        expect(response.status).toBe(403);
        expect((await problemOf(response)).detail).toContain("Host");
      }
    },
  );

  test.each([
    "http://example.org",
    "null",
    "http://127.0.0.1:9999",
    "http://127.0.0.1:8080.example.org",
    "file://",
  ])("an Origin of %s is refused", async (origin) => {
    const { ask, reconciles } = setUp();
    expect((await ask("/topics", { headers: { origin } })).status).toBe(403);
    expect((await ask("/reconcile", { method: "POST", headers: { origin } })).status).toBe(403);
    expect(reconciles).toEqual([]);
  });

  test("our own Origin, or none, is answered", async () => {
    const { ask, reconciles } = setUp();
    await ask("/reconcile", { method: "POST", headers: { origin: "http://127.0.0.1:8080" } });
    await ask("/reconcile", { method: "POST" });
    expect(reconciles).toHaveLength(2);
  });

  test.each(["cross-site", "same-site"])(
    "a page of another site may not ask, Origin or none (%s)",
    async (site) => {
      const { ask, reconciles } = setUp();
      const fromPage = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" };
      for (const path of ["/topics", "/metrics", "/openapi.json", "/", "/logs/export"]) {
        const response = await ask(path, { headers: fromPage });
        expect(response.status).toBe(403);
        expect((await problemOf(response)).detail).toContain("other sites");
      }
      await ask("/reconcile", { method: "POST", headers: fromPage });
      expect(reconciles).toEqual([]);
      const byLink = { "sec-fetch-site": site, "sec-fetch-mode": "navigate" };
      expect((await ask("/ui/topics/app", { headers: byLink })).status).toBe(200);
      expect((await ask("/topics", { headers: byLink })).status).toBe(403);
    },
  );

  test.each(["same-origin", "none"])("our own pages and typed addresses are answered (%s)", async (site) => {
    expect((await setUp().ask("/topics", { headers: { "sec-fetch-site": site } })).status).toBe(200);
  });

  test("nothing is answered where the host listens beyond loopback", async () => {
    expect((await setUp({ hostname: "0.0.0.0" }).ask("/topics")).status).toBe(403);
  });
});

describe("with a token", () => {
  test.each(["/", "/ui/topics/some_topic", "/assets/icon.svg", "/healthz", "/readyz"])(
    "%s is open",
    async (path) => {
      const { ask } = setUp({ token, hostname: "0.0.0.0" });
      expect((await ask(path, { headers: { host: "logs.example.org" } })).status).toBe(200);
    },
  );

  test.each([
    ["GET", "/topics"],
    ["GET", "/openapi.json"],
    ["GET", "/metrics"],
    ["POST", "/reconcile"],
    ["GET", "/nope"],
    ["GET", "/Topics"],
    ["GET", "/assets/"],
  ])("%s %s wants it", async (method, path) => {
    const { ask, reconciles } = setUp({ token });
    const response = await ask(path, { method });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="penstock"');
    await problemOf(response);
    expect(reconciles).toEqual([]);
  });

  test("the header opens every route, from any Host and Origin", async () => {
    const { ask, reconciles } = setUp({ token });
    const headers = { ...bearer(token), host: "logs.example.org", origin: "https://other.example.org" };
    expect((await ask("/topics", { headers })).status).toBe(200);
    expect((await ask("/metrics", { headers })).status).toBe(200);
    expect((await ask("/nope", { headers })).status).toBe(404);
    await ask("/reconcile", { method: "POST", headers });
    expect(reconciles).toHaveLength(1);
    expect((await ask("/topics", { headers: { authorization: `bearer  ${token}` } })).status).toBe(200);
  });

  test.each(["", "x", `${token}x`, token.slice(1), token.toUpperCase()].map((value) => `Bearer ${value}`))(
    "the header %j is refused",
    async (authorization) => {
      const { ask } = setUp({ token });
      const response = await ask("/topics", { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(JSON.stringify(await problemOf(response))).not.toContain(token);
    },
  );

  test.each([token, `Basic ${btoa(`u:${token}`)}`, "Bearer", `Bearer ${token} ${token}`, `Token ${token}`])(
    "the header %j is malformed, which the answer says",
    async (authorization) => {
      const response = await setUp({ token }).ask("/topics", { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain('error="invalid_request"');
      expect((await problemOf(response)).detail).toBe("The Authorization header must read: Bearer <token>.");
    },
  );

  test("/metrics may be opened, and only that", async () => {
    const { ask } = setUp({ token, openMetrics: true });
    expect((await ask("/metrics")).status).toBe(200);
    expect((await ask("/topics")).status).toBe(401);
  });

  test("a token changed while running counts at once", async () => {
    const { ask, inForce } = setUp({ token });
    inForce.http = { ...inForce.http, token: new Secret("another") };
    expect((await ask("/topics", { headers: bearer(token) })).status).toBe(401);
    expect((await ask("/topics", { headers: bearer("another") })).status).toBe(200);
  });
});
