import { connect } from "node:net";

/** A server's answer to raw bytes, which no client library corrects. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of the first answer, as far as received. */
  readonly body: string;
  /** Everything received, including further answers. */
  readonly text: string;
}

export interface RawExchange {
  /** Null if closed without one. */
  readonly answer: RawAnswer | null;
  /** True if there was neither an answer nor a close within {@link PATIENCE_MS}. */
  readonly hung: boolean;
}

export interface RawRequest {
  /** Written one by one, as fast as the server accepts them. */
  readonly pieces: Iterable<string | Uint8Array>;
  /** The answer to a HEAD has no body, whatever its length says. */
  readonly isHead?: boolean;
  /** Ends our side or cuts the connection after the last piece; otherwise the server gets time to answer first. */
  readonly finally?: "end" | "cut";
}

const PATIENCE_MS = 8_000;
/** Servers do not answer a possibly incomplete request until it ends. */
const QUIET_MS = 400;

export function exchange(host: string, port: number, request: RawRequest): Promise<RawExchange> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, allowHalfOpen: true });
    const received: Buffer[] = [];
    let quiet: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const finish = (hung: boolean): void => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ answer: parse(Buffer.concat(received)), hung });
    };
    const patience = setTimeout(() => finish(received.length === 0), PATIENCE_MS);
    socket.on("connect", () => void send());
    socket.on("data", (bytes: Buffer) => {
      received.push(bytes);
      if (isWhole(Buffer.concat(received), request.isHead ?? false)) finish(false);
    });
    for (const event of ["end", "close", "error"]) socket.on(event, () => finish(false));

    async function send(): Promise<void> {
      for (const piece of request.pieces) {
        const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
        if (over) return;
        if (!socket.write(bytes)) {
          const drained = Promise.withResolvers<void>();
          for (const event of ["drain", "close"]) socket.once(event, () => drained.resolve());
          await drained.promise;
        }
      }
      if (request.finally === "cut") finish(false);
      else if (request.finally === "end") socket.end();
      else if (!over) quiet = setTimeout(() => socket.end(), QUIET_MS);
    }
  });
}

function parse(bytes: Buffer): RawAnswer | null {
  const text = bytes.toString("latin1").replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
  const match = /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n/.exec(text);
  if (match === null) return null;
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(match[0].length, end === -1 ? undefined : end);
  const headers = new Map(
    head.split("\r\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const length = Number(headers.get("content-length") ?? Number.NaN);
  const rest = end === -1 ? "" : text.slice(end + 4);
  const body = Number.isNaN(length) ? rest : rest.slice(0, length);
  return { status: Number(match[1]), headers, body, text };
}

function isWhole(bytes: Buffer, isHead: boolean): boolean {
  const answer = parse(bytes);
  if (answer === null || !answer.text.includes("\r\n\r\n")) return false;
  if (isHead || answer.status === 204 || answer.status === 304) return true;
  const length = answer.headers.get("content-length");
  if (length !== undefined) return answer.body.length >= Number(length);
  // A stream never ends: its beginning is enough.
  return answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
}
