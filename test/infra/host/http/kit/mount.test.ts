import { describe, expect, test } from "bun:test";
import { listedTopic, partitionStatus, targetStatus } from "../../../../support/topic-status.ts";
import { bearer, fine, problemOf, ready, setUp, token } from "../fixture.ts";

test("GET /healthz is 200 and asks nothing", async () => {
  const { ask } = setUp(
    {},
    {
      health: () => {
        throw new Error("asked");
      },
    },
  );
  expect((await ask("/healthz")).status).toBe(200);
});

describe("GET /readyz", () => {
  test("is 200 with the checks when ready", async () => {
    const response = await setUp().ask("/readyz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(ready);
  });

  test("is 503 naming each failing check", async () => {
    const checks = {
      ...ready.checks,
      etcd: { ...fine, ok: false, reason: "no answer in 10 s" },
      progress: {
        ...fine,
        ok: false,
        reason: "stuck: golang_log/2",
        partitions: ["golang_log/2"],
        topics: [],
      },
    };
    const response = await setUp({}, { health: () => ({ status: "not ready", checks }) }).ask("/readyz");
    expect(response.status).toBe(503);
    expect(await problemOf(response)).toEqual({
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "Not ready: progress (stuck: golang_log/2); etcd (no answer in 10 s).",
      instance: "/readyz",
      checks,
    });
  });

  test("tells strangers what fails, and why only those who send a token", async () => {
    const stuck = {
      topic: "app",
      partitions: [2],
      since: "2026-11-25T00:00:00.000Z",
      reason: "403",
      remedy: null,
    };
    const checks = {
      ...ready.checks,
      kafka: { ...fine, ok: false, reason: "kafka-1:9093 refused the login of user penstock" },
      progress: { ...fine, ok: false, reason: "stuck: app/2 (403)", partitions: ["app/2"], topics: [stuck] },
    };
    const { ask } = setUp({ token }, { health: () => ({ status: "not ready", checks }) });
    const answer = async (headers = {}) => problemOf(await ask("/readyz", { headers }));
    for (const headers of [{}, bearer("not-the-token")]) {
      const stranger = await answer(headers);
      expect(stranger.detail).toBe(
        "Not ready: kafka; progress (partitions: 1, topics: 1). The log says why; with a token, this path does too.",
      );
      expect(stranger).toMatchObject({
        status: 503,
        checks: { kafka: { ok: false, reason: null }, progress: { ok: false, partitions: [], topics: [] } },
      });
      expect(JSON.stringify(stranger)).not.toMatch(/penstock|403"|app/);
    }
    expect((await answer(bearer(token))).detail).toContain("refused the login of user penstock");
  });
});

test("GET /metrics is Prometheus text", async () => {
  const response = await setUp().ask("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toBe("penstock_in_flight_bytes 0\n");
});

test("GET /topics is the statuses as JSON", async () => {
  const topics = [
    listedTopic({
      topic: "<script>",
      partitions: [partitionStatus({ lag: null })],
      target: targetStatus({ reason: "none" }),
    }),
  ];
  const response = await setUp({}, { topics: async () => topics }).ask("/topics");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual(topics);
});

test("an unknown path is 404", async () => {
  for (const path of ["/nope", "/topics/", "/assets/../app.ts", "/assets/console.html", "//topics"]) {
    const response = await setUp().ask(path);
    expect({ path, status: response.status }).toEqual({ path, status: 404 });
    await problemOf(response);
  }
});

test.each([
  ["POST", "/topics", "GET, HEAD"],
  ["DELETE", "/", "GET, HEAD"],
  ["GET", "/reconcile", "POST"],
  ["HEAD", "/reconcile", "POST"],
  ["PUT", "/session", "GET, HEAD, POST, DELETE"],
  ["OPTIONS", "/metrics", "GET, HEAD"],
])("%s %s is 405 and says what is allowed", async (method, path, allow) => {
  const { ask, reconciles } = setUp();
  const response = await ask(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
  expect(reconciles).toEqual([]);
});

test("HEAD is GET without the body", async () => {
  const response = await setUp().ask("/topics", { method: "HEAD" });
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("what is thrown goes to the log, not to the caller", async () => {
  const error = new Error("cannot reach http://elastic:s3cr3t@es:9200");
  const { ask, logged } = setUp({}, { reconcile: async () => Promise.reject(error) });
  const response = await ask("/reconcile?dryRun=true", { method: "POST" });
  expect(response.status).toBe(500);
  expect(await problemOf(response)).toEqual({
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: "The request failed; the host's log says why.",
    instance: "/reconcile",
  });
  expect(logged).toEqual([
    { message: "HTTP request failed", fields: { method: "POST", path: "/reconcile", error } },
  ]);
});

test("a body over 64 KiB is 413, whatever route it is for", async () => {
  const body = "x".repeat(64 * 1024 + 1);
  const { ask, reconciles } = setUp();
  for (const path of ["/reconcile", "/session"]) {
    const response = await ask(path, { method: "POST", body });
    expect(response.status).toBe(413);
    await problemOf(response);
  }
  expect(reconciles).toEqual([]);
});

test.each([
  ["GET", "/", 200],
  ["HEAD", "/", 200],
  ["GET", "/assets/icon.svg", 200],
  ["GET", "/assets/nope.js", 404],
  ["GET", "/healthz", 200],
  ["GET", "/topics", 401],
  ["OPTIONS", "/topics", 401],
  ["OPTIONS", "/healthz", 405],
  ["TRACE", "/", 405],
  ["POST", "/session", 400],
  ["GET", "/nope", 401],
] as const)("%s %s has every security header, and is %d", async (method, path, status) => {
  const sent = method === "POST" ? { body: "{}", headers: { "content-type": "application/json" } } : {};
  const answer = await setUp({ token }).ask(path, { method, ...sent });
  expect(answer.status).toBe(status);
  const { headers } = answer;
  expect(Object.fromEntries(headers)).toMatchObject({
    "content-security-policy": expect.stringContaining("default-src 'none'"),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": expect.stringContaining("camera=()"),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": expect.stringMatching(/^no-|immutable$/),
  });
  for (const name of ["server", "x-powered-by", "access-control-allow-origin"])
    expect(headers.has(name)).toBe(false);
});

test("so has a stream of events", async () => {
  const answer = await setUp().ask("/ui/events?view=topics");
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  await answer.body?.cancel();
});

test.each(["/", "/topics", "/nope", "/healthz", "/assets/nope.js"])(
  "%s has the security headers",
  async (path) => {
    const { headers } = await setUp().ask(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe(path === "/" ? "no-cache" : "no-store");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
  },
);
