import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** Tells each client its apparent address. */
const server: Server = createServer((socket) => socket.end(socket.remoteAddress ?? "nobody"));
let proxy: TcpProxy;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  proxy = await startTcpProxy(() => `http://127.0.0.1:${address.port}`, { from: "127.0.0.9" });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  server.close();
});

function ask(): Promise<string> {
  const answer = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
  socket.on("error", answer.reject);
  socket.on("close", () => answer.resolve(text));
  return answer.promise;
}

test("a refusing proxy does not listen until it is reset; connections come from the configured address", async () => {
  expect(await ask()).toBe("127.0.0.9");
  await proxy.refuse();
  expect(await ask().catch((error: unknown) => String(error))).toContain("ECONNREFUSED");
  await proxy.reset();
  expect(await ask()).toBe("127.0.0.9");
});
