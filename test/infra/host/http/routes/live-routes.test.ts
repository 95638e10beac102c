import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { maxPages } from "../../../../../infra/host/http/routes/live-routes.ts";
import type { TellPage } from "../../../../../infra/host/live/live-hub.ts";
import { outboxBytes } from "../../../../../infra/host/http/kit/event-stream.ts";
import { advance, flush } from "../../../../support/fake-time.ts";
import { bearer, idleLive, setUp, token } from "../fixture.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const path = "/ui/events?view=overview";

/** An app whose open pages are counted and told things by hand. */
function world(settings = {}) {
  const pages = new Set<TellPage>();
  const subscribe = (_subject: unknown, tell: TellPage) => {
    pages.add(tell);
    return () => void pages.delete(tell);
  };
  return { ...setUp(settings, { live: { ...idleLive, subscribe } }), pages };
}

test("a hundred open pages at once; one that is closed makes room", async () => {
  const { ask, pages } = world();
  const open = await Promise.all(Array.from({ length: maxPages }, () => ask(path)));
  const refused = await ask(path);
  expect([refused.status, refused.headers.get("retry-after"), pages.size]).toEqual([429, "2", maxPages]);
  await open[0]?.body?.cancel();
  await flush();
  expect((await ask(path, { method: "HEAD" })).status).toBe(200);
  const another = await ask(path);
  expect([another.status, pages.size, (await ask(path)).status]).toEqual([200, maxPages, 429]);
  await Promise.all([...open.slice(1), another].map(async ({ body }) => body?.cancel()));
});

test("who may only look cannot hold all pages", async () => {
  const readOnlyToken = "may-look-and-no-more";
  const { ask, pages } = world({ token, readOnlyToken });
  const looking = await Promise.all(
    Array.from({ length: maxPages }, () => ask(path, { headers: bearer(readOnlyToken) })),
  );
  expect([pages.size, looking.at(-1)?.status]).toEqual([0.75 * maxPages, 429]);
  const kept = await ask(path, { headers: bearer(token) });
  expect(kept.status).toBe(200);
  await Promise.all([kept, ...looking].map(async ({ body }) => body?.cancel()));
});

test("a page that missed a change is cut off", async () => {
  const { ask, pages } = world();
  const answer = await ask(path);
  const [tell] = pages;
  tell?.("overview", { text: "x".repeat(outboxBytes) });
  await flush();
  expect(pages.size).toBe(1);
  tell?.("overview", { missed: true });
  await flush();
  expect(pages.size).toBe(0);
  const text = await answer.text();
  expect(text).toContain("xxx");
  expect(text).not.toContain("missed");
});

test("signing out ends the session's streams at the next ping, and no others", async () => {
  const { ask, pages } = world({ token });
  const own = { origin: "http://127.0.0.1:8080" };
  const signIn = await ask("/session", {
    method: "POST",
    headers: { ...own, "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  const cookie = signIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const ended = await ask(path, { headers: { cookie } });
  const kept = await ask(path, { headers: bearer(token) });
  await advance(10_000, 5_000);
  expect(pages.size).toBe(2);
  await ask("/session", { method: "DELETE", headers: { cookie, ...own } });
  await advance(5_000, 5_000);
  expect(pages.size).toBe(1);
  expect(await ended.text()).not.toContain("ping");
  await kept.body?.cancel();
});

test("a session that has lasted its twelve hours ends its streams at the next ping", async () => {
  const { ask, pages, inForce } = world({ token });
  const signIn = await ask("/session", {
    method: "POST",
    headers: { origin: "http://127.0.0.1:8080", "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  const ended = await ask(path, {
    headers: { cookie: signIn.headers.get("set-cookie")?.split(";")[0] ?? "" },
  });
  inForce.now = 12 * 3_600_000 - 1;
  await advance(5_000, 5_000);
  expect(pages.size).toBe(1);
  inForce.now += 1;
  await advance(5_000, 5_000);
  expect(pages.size).toBe(0);
  await ended.body?.cancel();
});

test("another token ends the streams that the old one opened", async () => {
  const { ask, pages, inForce } = world({ token });
  await ask(path, { headers: bearer(token) });
  const kept = await ask(path, { headers: bearer(token) });
  await advance(5_000, 5_000);
  expect(pages.size).toBe(2);
  inForce.http = { ...inForce.http, token: new Secret("another") };
  await advance(5_000, 5_000);
  expect(pages.size).toBe(0);
  expect(await kept.text()).toBe("");
});
