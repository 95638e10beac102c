import { expect, test } from "bun:test";
import { HttpStream } from "./http-stream.ts";

const wire = [
  'POST /_bulk HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{"a"}',
  "GET / HTTP/1.1\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nfg",
].join("");

test.each([1, 2, 7, 50, 1_000])("messages are told apart in pieces of %i bytes", (size) => {
  const found: [string, string][] = [];
  const stream = new HttpStream(({ startLine, body }) => found.push([startLine, body.toString()]));
  for (let at = 0; at < wire.length; at += size) stream.push(Buffer.from(wire.slice(at, at + size)));
  expect(found).toEqual([
    ["POST /_bulk HTTP/1.1", '{"a"}'],
    ["GET / HTTP/1.1", ""],
    ["HTTP/1.1 200 OK", "abcde"],
    ["HTTP/1.1 200 OK", "fg"],
  ]);
});
