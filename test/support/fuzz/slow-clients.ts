import { connect, type Socket } from "node:net";

/** Clients with one habit, and the server's reaction. */
export interface SlowClients {
  readonly habit: string;
  readonly connections: number;
  /** Milliseconds until the server had closed the last one; null if it did not within the time limit. */
  readonly closedAfterMs: number | null;
}

interface Habit {
  readonly habit: string;
  readonly connections: number;
  readonly first: string;
  /** Sent every {@link DRIP_MS}; empty for nothing. */
  readonly drip: string;
}

const DRIP_MS = 1_000;

/** @param credential a complete header line that allows sending a body */
function habits(credential: string): readonly Habit[] {
  const head = `Host: 127.0.0.1\r\n${credential}`;
  const post = `POST /session HTTP/1.1\r\n${head}Content-Type: application/json\r\n`;
  return [
    { habit: "says nothing", connections: 300, first: "", drip: "" },
    { habit: "head byte by byte", connections: 100, first: "GET / HTTP/1.1\r\nX: ", drip: "a" },
    { habit: "head line by line", connections: 50, first: `GET / HTTP/1.1\r\n${head}`, drip: "X: a\r\n" },
    { habit: "body byte by byte", connections: 50, first: `${post}Content-Length: 1000\r\n\r\n`, drip: "a" },
    {
      habit: "chunk by chunk",
      connections: 50,
      first: `${post}Transfer-Encoding: chunked\r\n\r\n`,
      drip: "1\r\na\r\n",
    },
    {
      habit: "idle after an answer",
      connections: 100,
      first: `GET /healthz HTTP/1.1\r\n${head}\r\n`,
      drip: "",
    },
    {
      habit: "next head byte by byte",
      connections: 50,
      first: `GET /healthz HTTP/1.1\r\n${head}\r\nGET / HTTP/1.1\r\nX: `,
      drip: "a",
    },
  ];
}

/** All forms of slow loris at once; resolves when the server has closed them all, or time is up. */
export async function beSlow(
  host: string,
  port: number,
  credential: string,
  deadlineMs: number,
): Promise<readonly SlowClients[]> {
  return Promise.all(
    habits(credential).map(async ({ habit, connections, first, drip }) => {
      const startedAt = performance.now();
      const all = await Promise.all(
        Array.from({ length: connections }, () => holdOn(host, port, first, drip, deadlineMs)),
      );
      const closedAfterMs = all.every(Boolean) ? Math.round(performance.now() - startedAt) : null;
      return { habit, connections, closedAfterMs };
    }),
  );
}

/** @returns true if the server closed it in time */
function holdOn(
  host: string,
  port: number,
  first: string,
  drip: string,
  deadlineMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host });
    const dripping = setInterval(() => {
      if (drip !== "" && socket.writable) socket.write(drip);
    }, DRIP_MS);
    const end = (closed: boolean): void => {
      clearInterval(dripping);
      clearTimeout(deadline);
      socket.destroy();
      resolve(closed);
    };
    const deadline = setTimeout(() => end(false), deadlineMs);
    socket.on("connect", () => first !== "" && socket.write(first));
    socket.on("data", () => {});
    for (const event of ["end", "error", "close"]) socket.on(event, () => end(true));
  });
}
