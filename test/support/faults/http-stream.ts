/** One HTTP/1.1 message on a connection. */
export interface HttpMessage {
  /** `POST /_bulk HTTP/1.1`, or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";

/**
 * Splits the bytes of one direction of a connection into messages, in whatever chunks they arrive. Knows bodies with a
 * length and chunked ones, because Elasticsearch and its clients send no others.
 */
export class HttpStream {
  #pieces: Buffer[] = [];
  #length = 0;
  /** The bytes needed before it is worth parsing again. */
  #needed = 0;

  constructor(private readonly onMessage: (message: HttpMessage) => void) {}

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    while (this.#length > 0 && this.#length >= this.#needed) {
      const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? bytes) : Buffer.concat(this.#pieces);
      this.#pieces = [all];
      const taken = this.#take(all);
      if (taken === 0) return;
      this.#pieces = [all.subarray(taken)];
      this.#length -= taken;
      this.#needed = 0;
    }
  }

  /** @returns the length of the first message in bytes; 0 if incomplete */
  #take(bytes: Buffer): number {
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return this.#waitFor(bytes.length + 1);
    const [startLine = "", ...headers] = bytes.toString("latin1", 0, headEnd).split("\r\n");
    const from = headEnd + HEAD_END.length;
    const header = (name: string): string | undefined =>
      headers
        .find((line) => line.toLowerCase().startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    if (header("transfer-encoding")?.toLowerCase() === "chunked") {
      const chunked = dechunk(bytes, from);
      if (chunked === null) return this.#waitFor(bytes.length + 1);
      this.onMessage({ startLine, body: chunked.body });
      return chunked.end;
    }
    const end = from + Number(header("content-length") ?? 0);
    if (bytes.length < end) return this.#waitFor(end);
    this.onMessage({ startLine, body: bytes.subarray(from, end) });
    return end;
  }

  #waitFor(needed: number): 0 {
    this.#needed = needed;
    return 0;
  }
}

/** @returns null if the last chunk has not arrived */
function dechunk(bytes: Buffer, from: number): { body: Buffer; end: number } | null {
  const chunks: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const start = lineEnd + 2;
    const end = start + size + 2;
    if (bytes.length < end) return null;
    if (size === 0) return { body: Buffer.concat(chunks), end };
    chunks.push(bytes.subarray(start, start + size));
    at = end;
  }
}
