import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, type SecureVersion } from "node:tls";
import { serveHttp } from "../../../../infra/host/http/server.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { examinePort } from "../../../../lib/adapters/system/http-port.ts";
import { createAuthority, type TestAuthority, type TestCertificate } from "../../../support/certificates.ts";
import { httpSettings } from "../../../support/settings.ts";
import { setUp, token } from "./fixture.ts";

const hostname = "127.0.0.1";
let authority: TestAuthority;
let one: TestCertificate;
let renewed: TestCertificate;
beforeAll(async () => {
  authority = await createAuthority();
  const hosts = [hostname, "logs.example.org"];
  [one, renewed] = await Promise.all([
    authority.issue("one", { hosts }),
    authority.issue("renewed", { hosts }),
  ]);
});
afterAll(() => authority[Symbol.asyncDispose]());

const pair = ({ cert, key }: TestCertificate) => ({ cert, key: new Secret(key) });

function serve() {
  const { app } = setUp({ token });
  const server = serveHttp({ app, hostname, port: 0, tls: pair(one) });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, { ...init, keepalive: false, tls: { ca: authority.ca } });
  return { server, ask, [Symbol.asyncDispose]: () => server.stop(0) };
}

/** Who answers at the port, or what kept them from it. */
function peerAt(port: number, version?: SecureVersion, ciphers?: string): Promise<string> {
  const versions = {
    ...(version !== undefined && { minVersion: version, maxVersion: version }),
    ...(ciphers !== undefined && { ciphers }),
  };
  return new Promise((resolve) => {
    const socket = connect({ port, host: hostname, ca: authority.ca, ...versions }, () => {
      resolve(`${String(socket.getPeerCertificate().subject.CN)} ${socket.getProtocol()}`);
      socket.destroy();
    });
    socket.on("error", ({ message }) => resolve(message));
  });
}

test("over TLS the cookie is of this host alone, and HSTS is said except to loopback", async () => {
  await using served = serve();
  const { server, ask } = served;
  expect(server.url).toStartWith("https://");
  const origin = new URL(server.url).origin;
  const signIn = (from: string) =>
    ask("session", {
      method: "POST",
      headers: { origin: from, "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
  const signedIn = await signIn(origin);
  const cookie = signedIn.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(
    /^__Host-penstock_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  expect((await signIn(origin.replace("https:", "http:"))).status).toBe(403);
  const [pair = ""] = cookie.split(";");
  expect((await ask("topics", { headers: { cookie: pair } })).status).toBe(200);
  // What a neighbour of the domain, or a page without TLS, could have set.
  expect((await ask("topics", { headers: { cookie: pair.replace("__Host-", "") } })).status).toBe(401);
  expect(signedIn.headers.get("strict-transport-security")).toBeNull();
  const byName = await ask("healthz", { headers: { host: "logs.example.org" } });
  expect(byName.headers.get("strict-transport-security")).toBe("max-age=31536000");
});

test("TLS 1.2 and 1.3 are spoken, and nothing older; plain HTTP gets no answer", async () => {
  await using served = serve();
  const { port } = served.server;
  expect(await peerAt(port, "TLSv1.2")).toBe("one TLSv1.2");
  expect(await peerAt(port, "TLSv1.3")).toBe("one TLSv1.3");
  expect(await peerAt(port, "TLSv1.1")).not.toStartWith("one");
  expect(fetch(`http://${hostname}:${port}/healthz`)).rejects.toThrow();
});

test.each([
  ["ECDHE-ECDSA-AES128-GCM-SHA256", true],
  ["ECDHE-ECDSA-CHACHA20-POLY1305", true],
  ["ECDHE-ECDSA-AES128-SHA", false],
  ["ECDHE-ECDSA-AES256-SHA", false],
])("of TLS 1.2, %s is spoken: %p", async (cipher, isSpoken) => {
  await using served = serve();
  const peer = await peerAt(served.server.port, "TLSv1.2", cipher);
  expect(peer.startsWith("one ")).toBe(isSpoken);
});

test("a renewed certificate is taken over; a stream that is open goes on", async () => {
  await using served = serve();
  const { server, ask } = served;
  const stream = await ask("ui/events?view=topics", { headers: { authorization: `Bearer ${token}` } });
  const reader = stream.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  server.useTls(pair(one));
  expect(await peerAt(server.port)).toStartWith("one ");
  server.useTls(pair(renewed));
  expect(await peerAt(server.port)).toStartWith("renewed ");
  let ended = false;
  const rest = reader?.read().then(({ done }) => (ended = done));
  expect((await ask("healthz")).status).toBe(200);
  expect(ended).toBe(false);
  await server.stop(1_000);
  await rest;
  expect(ended).toBe(true);
});

test("a certificate that cannot be used leaves the one before", async () => {
  await using served = serve();
  const { server } = served;
  expect(() => server.useTls({ cert: one.cert, key: new Secret(renewed.key) })).toThrow("http.tls");
  expect(await peerAt(server.port)).toStartWith("one ");
});

test("the doctor and the image's health check know a host behind TLS", async () => {
  await using served = serve();
  const { port } = served.server;
  const tls = { cert: one.cert, key: one.key };
  const facts = await examinePort(httpSettings({ port, tls }), AbortSignal.timeout(5_000));
  expect(facts).toEqual({ kind: "penstock" });
  const health = async (url: string) => {
    const child = Bun.spawn([process.execPath, "infra/deploy/healthcheck.ts"], {
      cwd: new URL("../../../../", import.meta.url).pathname,
      env: { ...process.env, PENSTOCK_HEALTH_URL: url },
      stderr: "pipe",
    });
    return [await child.exited, await new Response(child.stderr).text()];
  };
  expect(await health(`https://${hostname}:${port}/healthz`)).toEqual([0, ""]);
  const [code, reason] = await health(`http://${hostname}:${port}/healthz`);
  expect(code).toBe(1);
  expect(reason).toContain(`http://${hostname}:${port}/healthz: `);
});
