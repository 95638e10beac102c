import { describe, expect, test } from "bun:test";
import { bearer, problemOf, setUp, token } from "../fixture.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";

const own = { origin: "http://127.0.0.1:8080" };
const json = { "content-type": "application/json" };
type Ask = ReturnType<typeof setUp>["ask"];

const signIn = (ask: Ask, given: unknown = token, headers: Record<string, string> = own) =>
  ask("/session", {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify({ token: given }),
  });

/** Signs in and returns the header a browser would send from then on. */
async function cookieOf(ask: Ask): Promise<{ cookie: string }> {
  const set = (await signIn(ask)).headers.get("set-cookie") ?? "";
  return { cookie: set.split(";")[0] ?? "" };
}

describe("POST /session", () => {
  test("trades the token for a cookie that scripts and other sites cannot use", async () => {
    const response = await signIn(setUp({ token }).ask);
    expect(response.status).toBe(204);
    const cookie = response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^penstock_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(token);
  });

  test.each([
    { origin: "https://logs.example.org", host: "logs.example.org" },
    { origin: "https://logs.example.org", host: "logs.example.org:443" },
  ])("marks the cookie Secure behind TLS: %j", async (headers) => {
    const response = await signIn(setUp({ token }).ask, token, headers);
    const cookie = response.headers.get("set-cookie");
    expect(cookie).toStartWith("__Host-penstock_session=");
    expect(cookie).toContain("; Path=/; HttpOnly; Secure; SameSite=Strict");
    expect(cookie).not.toContain("Domain");
  });

  test("does not believe a header that anybody can send", async () => {
    const response = await signIn(setUp({ token }).ask, token, { "x-forwarded-proto": "https", ...own });
    expect(response.headers.get("set-cookie")).toStartWith("penstock_session=");
  });

  test("takes a form's field, and needs no Origin", async () => {
    const response = await setUp({ token }).ask("/session", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
      body: new URLSearchParams({ token }).toString(),
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toContain("penstock_session=");
  });

  test("refuses a wrong token", async () => {
    const response = await signIn(setUp({ token }).ask, "wrong");
    expect(response.status).toBe(401);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect((await problemOf(response)).detail).toBe("That token was not accepted.");
  });

  test("refuses a foreign Origin, even with the token", async () => {
    expect((await signIn(setUp({ token }).ask, token, { origin: "http://example.org" })).status).toBe(403);
  });

  test.each([
    [400, json, "{"],
    [400, json, ""],
    [400, json, "[]"],
    [400, json, "null"],
    [400, json, '{"token": 1}'],
    [400, json, '{"token": ""}'],
    [400, { "content-type": "application/x-www-form-urlencoded" }, "other=1"],
    [415, { "content-type": "text/plain" }, '{"token": "x"}'],
    [415, {}, '{"token": "x"}'],
  ])("is %d for %j %j", async (status, headers: Record<string, string>, body) => {
    const response = await setUp({ token }).ask("/session", { method: "POST", headers, body });
    expect(response.status).toBe(status);
    await problemOf(response);
  });

  test("is 404 where no token is set", async () => {
    expect((await signIn(setUp().ask)).status).toBe(404);
  });
});

describe("the cookie", () => {
  test("counts like the header", async () => {
    const { ask, reconciles } = setUp({ token });
    const cookie = await cookieOf(ask);
    expect((await ask("/topics", { headers: cookie })).status).toBe(200);
    await ask("/reconcile", { method: "POST", headers: { ...cookie, ...own } });
    expect(reconciles).toHaveLength(1);
  });

  test("does not count for a write without our own Origin", async () => {
    const { ask, reconciles } = setUp({ token });
    const cookie = await cookieOf(ask);
    for (const origin of [{}, { origin: "http://example.org" }, { origin: "null" }]) {
      const response = await ask("/reconcile", { method: "POST", headers: { ...cookie, ...origin } });
      expect(response.status).toBe(403);
    }
    expect(reconciles).toEqual([]);
  });

  test("does not count for what another site's page asks", async () => {
    const { ask } = setUp({ token });
    const cookie = await cookieOf(ask);
    const from = async (path: string, site: string, mode: string) =>
      (await ask(path, { headers: { ...cookie, "sec-fetch-site": site, "sec-fetch-mode": mode } })).status;
    expect(await from("/topics", "same-site", "no-cors")).toBe(403);
    expect(await from("/topics", "cross-site", "navigate")).toBe(403);
    expect(await from("/topics", "same-origin", "cors")).toBe(200);
    expect(await from("/ui/topics", "cross-site", "navigate")).toBe(200);
  });

  test("does not make up for a wrong header", async () => {
    const { ask } = setUp({ token });
    const headers = { ...(await cookieOf(ask)), ...bearer("wrong") };
    expect((await ask("/topics", { headers })).status).toBe(401);
  });

  test("is neither the token nor anything made up", async () => {
    const { ask } = setUp({ token });
    for (const value of [token, "", "x"]) {
      expect((await ask("/topics", { headers: { cookie: `penstock_session=${value}` } })).status).toBe(401);
    }
  });

  test("ends after 12 h", async () => {
    const { ask, inForce } = setUp({ token });
    const headers = await cookieOf(ask);
    inForce.now = 12 * 3_600_000 - 1;
    expect((await ask("/topics", { headers })).status).toBe(200);
    inForce.now += 1;
    expect((await ask("/topics", { headers })).status).toBe(401);
  });

  test("ends with the token it was opened by", async () => {
    const { ask, inForce } = setUp({ token });
    const headers = await cookieOf(ask);
    inForce.http = { ...inForce.http, token: new Secret("another") };
    expect((await ask("/topics", { headers })).status).toBe(401);
  });

  test("ends with DELETE /session, which takes it back from our own pages only", async () => {
    const { ask } = setUp({ token });
    const cookie = await cookieOf(ask);
    expect((await ask("/session", { method: "DELETE", headers: cookie })).status).toBe(403);
    expect((await ask("/topics", { headers: cookie })).status).toBe(200);
    const response = await ask("/session", { method: "DELETE", headers: { ...cookie, ...own } });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toStartWith("penstock_session=; Max-Age=0; Path=/");
    expect((await ask("/topics", { headers: cookie })).status).toBe(401);
  });

  test("of the oldest session ends when there are over a thousand", async () => {
    const { ask } = setUp({ token });
    const [first, second] = [await cookieOf(ask), await cookieOf(ask)];
    for (let opened = 2; opened <= 1_000; opened++) await signIn(ask);
    expect((await ask("/topics", { headers: first })).status).toBe(401);
    expect((await ask("/topics", { headers: second })).status).toBe(200);
  });
});

test("token and cookie never reach the log", async () => {
  const { ask, logged } = setUp(
    { token },
    {
      topics: () => {
        throw new Error("broken");
      },
    },
  );
  const cookie = await cookieOf(ask);
  await signIn(ask, "a-guess");
  expect((await ask(`/topics?token=${token}`, { headers: cookie })).status).toBe(500);
  expect(logged).toHaveLength(2);
  expect(JSON.stringify(logged)).not.toMatch(new RegExp(`${token}|${cookie.cookie.split("=")[1]}|a-guess`));
});
