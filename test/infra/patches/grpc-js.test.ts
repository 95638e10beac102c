import { expect, test } from "bun:test";
import { type AddressInfo, isIPv6 } from "node:net";
import { createServer } from "node:tls";
import { credentials, Client } from "@grpc/grpc-js";
import { createAuthority } from "../../support/certificates.ts";

/** infra/patches/grpc-js@1.14.7.patch; see infra/patches/README.md. */
async function connecting(host: string, named: string): Promise<string> {
  await using authority = await createAuthority();
  const { cert, key } = await authority.issue("served", { hosts: [named] });
  const server = createServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("error", () => socket.destroy());
    // An empty SETTINGS frame: all that a client wants to see of a server.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen(0, isIPv6(host) ? "::1" : "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  const client = new Client(address, credentials.createSsl(Buffer.from(authority.ca)));
  try {
    return await new Promise((resolve) => {
      client.waitForReady(Date.now() + 2_000, (error) => error === undefined && resolve("connected"));
      // Says why there is no connection; nobody answers it where there is one.
      const [request, response] = [() => Buffer.alloc(0), () => null];
      client.makeUnaryRequest("/a/b", request, response, null, (failure) => resolve(failure?.details ?? ""));
    });
  } finally {
    client.close();
    server.close();
  }
}

test.each(["127.0.0.1", "localhost", "::1"])(
  "%s is connected to, its certificate naming it",
  async (host) => {
    expect(await connecting(host, host)).toBe("connected");
  },
);

test("an address that the certificate does not name is refused", async () => {
  expect(await connecting("127.0.0.1", "10.0.0.1")).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
});
