import { expect, test } from "bun:test";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { createAuthority } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { connectStack } from "../support/stack-clients.ts";
import { startTestHost } from "../support/host.ts";

/** Unreachable servers: everything tested here answers without them. */
const servers = {
  kafka: { brokers: ["127.0.0.1:1"] },
  elasticsearch: { nodes: ["http://127.0.0.1:1"] },
  topics: [],
};

test("a real host answers over TLS, switches to a renewed certificate, and refuses one that does not match", async () => {
  await using authority = await createAuthority();
  const hosts = ["127.0.0.1"];
  const [one, renewed] = [
    await authority.issue("one", { hosts }),
    await authority.issue("renewed", { hosts }),
  ];
  const [cert, key] = [join(authority.folder, "tls.crt"), join(authority.folder, "tls.key")];
  const use = async (certFile: string, keyFile: string): Promise<void> => {
    await copyFile(keyFile, key);
    await copyFile(certFile, cert);
  };
  await use(one.certFile, one.keyFile);
  // Each reconcile run would wait for unreachable servers, and a moved file is trusted only at the second look.
  await using stack = await connectStack();
  const config = (level: string) => ({
    ...stack.config,
    topics: [],
    http: {
      port: 0,
      token: "full-access-for-you",
      readOnlyToken: "may-look-and-no-more",
      tls: { cert, key },
    },
    log: { level },
  });
  await using host = await startTestHost(config("info"));
  expect(host.url).toStartWith("https://");
  const peer = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(
        { port: Number(new URL(host.url).port), host: "127.0.0.1", ca: authority.ca },
        () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  expect(await peer()).toBe("one");
  const ask = async (path: string, token: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(new URL(path, host.url), { ...init, headers, keepalive: false, tls: { ca: authority.ca } });
  };
  expect((await ask("/topics", "may-look-and-no-more")).status).toBe(200);
  expect((await ask("/reconcile", "may-look-and-no-more", { method: "POST" })).status).toBe(403);

  await use(renewed.certFile, renewed.keyFile);
  await host.writeConfig(config("debug"));
  await eventually("the renewed certificate is answered with", async () => (await peer()) === "renewed");

  await use(one.certFile, renewed.keyFile);
  await host.writeConfig(config("info"));
  const error = await eventually("the refusal is told", async () => {
    const { checks } = (await (await ask("/readyz", "may-look-and-no-more")).json()) as {
      checks: { config: { reason: string | null } };
    };
    return checks.config.reason;
  });
  expect(error).toContain(
    "http.tls.key: (hidden) names a private key that does not match the certificate in cert",
  );
  expect(await peer()).toBe("renewed");

  expect(await host.stop()).toBe(0);
}, 240_000);

test("a key that does not match the certificate is exit code 78, with the place and the rule", async () => {
  await using authority = await createAuthority();
  const [one, other] = [await authority.issue("one"), await authority.issue("other")];
  const config = { ...servers, http: { port: 0, tls: { cert: one.certFile, key: other.keyFile } } };
  expect(startTestHost(config)).rejects.toThrow("the host exited with 78");
}, 240_000);
