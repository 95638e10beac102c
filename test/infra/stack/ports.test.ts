import { expect, test } from "bun:test";
import { freePorts, isFree } from "../../../infra/stack/ports.ts";

test("the ports are different and can be listened on", async () => {
  const ports = await freePorts(8);
  expect(new Set(ports).size).toBe(8);
  for (const port of ports) {
    using server = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    expect(server.port).toBe(port);
    expect(await isFree(port)).toBe(false);
  }
});
