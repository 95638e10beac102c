import { expect, test } from "bun:test";
import { connect, createServer, type Socket } from "node:net";
import { connectionsTo, establishedTo } from "../../../../infra/bench/trials/connections.ts";

// Port 9092 is 2384 in hexadecimal; state 01 is ESTABLISHED, 06 is TIME_WAIT, 0A is LISTEN.
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0000 100 0 0 10 0
   1: 0100007F:A001 0100007F:2384 01 00000000:00000000 00:00000000 00000000     0        0 101 1 0000 20 4 30 10 -1
   2: 0100007F:A002 0100007F:2384 06 00000000:00000000 03:000017B0 00000000     0        0 0 3 0000
   3: 0100007F:2384 0100007F:A001 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0000 20 4 30 10 -1
   4: 0100007F:A003 0100007F:23F0 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0000 20 4 30 10 -1
`;

test("only connections to the port count, not sockets that listen, connections from it, or those in TIME_WAIT", () => {
  expect(establishedTo(9_092, table)).toEqual(["101"]);
  expect(establishedTo(80, table)).toEqual([]);
});

test("counts the connections of this process to a server", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const open: Socket[] = [];
  for (let count = 1; count <= 2; count += 1) {
    const socket = connect(address.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    open.push(socket);
    expect(connectionsTo(process.pid, address.port)).toBe(count);
  }
  for (const socket of open) socket.destroy();
  server.close();
});
