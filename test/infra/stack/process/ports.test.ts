import { expect, test } from "bun:test";
import { freePorts, isFree } from "../../../../infra/stack/process/ports.ts";

test("concurrent requests for one stack never get the same port", async () => {
  const taken = new Set<number>();
  const ports = await Promise.all(Array.from({ length: 30 }, () => freePorts(100, taken)));
  expect(new Set(ports.flat()).size).toBe(3_000);
});

test("the ports are different and free", async () => {
  const ports = await freePorts(8);
  expect(new Set(ports).size).toBe(8);
  for (const port of ports) {
    using server = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    expect(server.port).toBe(port);
    expect(await isFree(port)).toBe(false);
  }
});
