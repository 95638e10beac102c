import { gzipSync } from "node:zlib";
import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { RawRequest } from "./raw-exchange.ts";

/** One hostile request. */
export interface HttpCase extends RawRequest {
  /** What is hostile about it; for the summary. */
  readonly kind: string;
  /** True if it has no valid token, and so must not read anything. */
  readonly isAnonymous: boolean;
  /** The first bytes, for display. */
  readonly head: string;
}

export interface Credentials {
  readonly token: string;
  readonly readOnlyToken: string;
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"];
const oddMethods = [
  "get",
  "Post",
  "PROPFIND",
  "FOO",
  "G ET",
  "",
  "GET\t",
  "\0",
  "GET/",
  "M".repeat(300),
  "🐟",
];
const paths = [
  "/",
  "/healthz",
  "/readyz",
  "/metrics",
  "/topics",
  "/reconcile",
  "/declarations",
  "/replay",
  "/session",
  "/replay/x",
  "/dead-letters",
  "/ingest",
  "/logs",
  "/logs/document",
  "/logs/export",
  "/logs/tail",
  "/ui/events",
  "/ui/topics",
  "/ui/topics/a",
  "/ui/explore",
  "/assets/icon.svg",
  "/openapi.json",
  "/nope",
];
const twists: readonly ((path: string, random: SeededRandom) => string)[] = [
  (path) => path,
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => `/assets/..${path}`,
  (path) => `/assets/%2e%2e${path}`,
  (path) => `/ui/topics/%2e%2e%2f..${path}`,
  (path) => `/session/..${path}`,
  (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => path.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
  (path) => path.toUpperCase(),
  (path) => `${path};/healthz`,
  (path) => `${path}%00.svg`,
  (path) => `${path}\0`,
  (path) => `${path}#/healthz`,
  (path) => `${path}?/assets/x`,
  (path) => `\\${path}`,
  (path) => `${path}/%c0%ae%c0%ae/%ff`,
  (path) => `${path}/é/☃/\u202e`,
  (path) => `${path}/${"a".repeat(10_000)}`,
  (path) => `${path}/${"../".repeat(200)}etc/passwd`,
  (path) => `http://evil.example${path}`,
  (path) => `http://user:pass@127.0.0.1${path}`,
  (path) => `//evil.example${path}`,
  (path) => `file://${path}`,
  (path) => path.slice(1),
  (path) => `${path}/%`,
  (path, random) => `${path}%${random.below(256).toString(16)}`,
];
const oddValues = [
  "",
  "0",
  "-1",
  "1e309",
  "9".repeat(400),
  "NaN",
  "true",
  "null",
  "[]",
  "{}",
  "__proto__",
  "constructor",
  "%00",
  "%",
  "%zz",
  "%ed%a0%80",
  "..",
  "*",
  "_all",
  ".kibana",
  "a,b",
  "'",
  "</script>",
  "x".repeat(8_000),
  "now-1h",
  "2026-13-45",
  "-9007199254740993",
  "(".repeat(500),
  '"'.repeat(101),
  "a+AND+".repeat(300),
  "%0d%0aX: y",
];
const names = [
  "topic",
  "q",
  "from",
  "to",
  "view",
  "dryRun",
  "accept",
  "plan",
  "id",
  "format",
  "size",
  "after",
  "histogram",
  "__proto__",
  "constructor",
  "toString",
  "topic[]",
  "topic[0]",
  "",
  "hasOwnProperty",
  "%00",
];
const oddHeaders = [
  "Host: evil.example",
  "Host: a, b",
  "Host:",
  "Host: 127.0.0.1\r\nHost: evil.example",
  "Host: a/b",
  "X: \0",
  "X Y: z",
  "X",
  ": x",
  "X:\r\n folded",
  "X: a\rb",
  "\tX: y",
  "X: \x80\xff",
  "Expect: 100-continue",
  "Origin: null",
  "Origin: http://evil.example",
  "Origin: http://a\r\nOrigin: http://b",
  "Origin: \xff",
  "Sec-Fetch-Site: cross-site",
  "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate",
  "Cookie: =;;=;",
  "Cookie: penstock_session=x",
  "Cookie: __Host-penstock_session=__proto__",
  `Cookie: ${"a=b; ".repeat(2_000)}`,
  "Authorization:",
  "Authorization: Bearer",
  "Authorization: Bearer a b",
  "Authorization: Basic eDp5",
  "Authorization: Bearer \xff",
  "Authorization: Bearer x\r\nAuthorization: Bearer y",
  "Bearer: x",
  "X-Forwarded-For: 127.0.0.1",
  "X-Forwarded-Proto: https",
  "X-Original-URL: /topics",
  "X-HTTP-Method-Override: POST",
  "Connection: close, Authorization",
  "Connection: keep-alive, keep-alive",
  "Range: bytes=0-,-1,5-1",
  "If-None-Match: *",
  "Accept-Encoding: gzip;q=x",
  `Accept: ${"*/*,".repeat(1_000)}`,
  "Content-Type: application/json; charset=\xff",
];
const framings = [
  "Content-Length: -1",
  "Content-Length: +3",
  "Content-Length: 0x3",
  "Content-Length: 3, 3",
  "Content-Length: 3 3",
  "Content-Length: 3\r\nContent-Length: 4",
  "Content-Length: 99999999999999999999",
  "Content-Length: 1e3",
  "Content-Length: 3\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 3",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding:\tchunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "Transfer-Encoding: \x0bchunked",
  "Transfer-Encoding: CHUNKED",
  "Transfer_Encoding: chunked",
  "Content-Length: 3",
];
const chunkedBodies = [
  "0\r\n\r\n",
  "zz\r\nabc\r\n0\r\n\r\n",
  "-1\r\nabc\r\n0\r\n\r\n",
  "ffffffffffffffffff\r\nabc\r\n",
  "3\nabc\n0\n\n",
  "3\r\nabcd\r\n0\r\n\r\n",
  `1;${"x".repeat(5_000)}\r\na\r\n0\r\n\r\n`,
  "0\r\nX: y\r\n\r\n",
  "3\r\nabc",
  "00000000000003\r\nabc\r\n0\r\n\r\n",
];
const smuggled = "GET /topics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const jsonBodies: readonly (() => string)[] = [
  ...[
    "",
    "{",
    "null",
    "[]",
    '"x"',
    "1",
    "{}",
    "\ufeff{}",
    "{'a':1}",
    '{"a":1}}',
    '{"a":1,"a":2}',
    "\0",
    '{"a":"\ud800"}',
  ].map((text) => () => text),
  () => "[".repeat(60_000),
  () => `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
  () => '{"__proto__":{"dryRun":false},"constructor":{"prototype":{"x":1}}}',
  () => '{"token":{"toString":1}}',
  () => `{"token":"${"x".repeat(7_000)}"}`,
  () => '{"topic":["a"],"dryRun":"yes","since":{},"index":1e999}',
  () =>
    '{"action":"add","key":"../..","revision":-1,"target":{"topic":"__proto__"},"declaration":{"topic":"*"}}',
  () =>
    '{"eventSource":"aws:kafka","records":{"__proto__":[],"a-0":[{"topic":"a","partition":-1,"offset":1e30,"value":"%%%"}]}}',
  () =>
    `{"eventSource":"aws:kafka","records":{${Array.from({ length: 1_000 }, (_, n) => `"t-${n}":[]`).join(",")}}}`,
  () => `{"eventSource":"aws:kafka","records":{"a-0":[${"{},".repeat(5_000)}{}]}}`,
];
const posts = [
  "/reconcile?dryRun=true",
  "/declarations?dryRun=true",
  "/replay?dryRun=maybe",
  "/ingest",
  "/session",
];
const types = [
  "application/json",
  "application/json; charset=utf-7",
  "text/plain",
  "multipart/form-data",
  "application/x-www-form-urlencoded",
];
const openings = [
  "GET /\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "\r\n\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\n\n",
  "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "GET /topics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
  "\x05\x01\x00",
  "HTTP/1.1 200 OK\r\n\r\n",
  "GET",
  "*1\r\n$4\r\nPING\r\n",
];

/** Practically endless: far above any limit. */
const ENDLESS_PIECES = 320;
const PIECE = "x".repeat(64 * 1024);

/** A random request of any kind. None can change anything: no valid write has the full token. */
export function httpCase(random: SeededRandom, who: Credentials): HttpCase {
  const { pick, below, next } = random;
  const credential = pick([
    "",
    "",
    `Authorization: Bearer ${who.readOnlyToken}\r\n`,
    `Authorization: Bearer wrong-${below(1e9)}\r\n`,
  ]);
  const request = (line: string, headers: readonly string[] = [], body = ""): string =>
    `${line}\r\nHost: 127.0.0.1\r\n${credential}${headers.map((header) => `${header}\r\n`).join("")}\r\n${body}`;
  const made = (kind: string, first: string, more: Partial<RawRequest> = {}): HttpCase => ({
    kind,
    isAnonymous: !first.includes(who.token) && !first.includes(who.readOnlyToken),
    head: first.slice(0, 200),
    pieces: [Buffer.from(first, "latin1")],
    isHead: first.startsWith("HEAD "),
    ...more,
  });
  const sized = (text: string) => `Content-Length: ${Buffer.byteLength(text, "latin1")}`;

  const kinds: readonly (() => HttpCase)[] = [
    () => made("method", request(`${pick([...methods, ...oddMethods])} ${pick(paths)} HTTP/1.1`)),
    () => made("path", request(`${pick(methods)} ${utf8(pick(twists)(pick(paths), random))} HTTP/1.1`)),
    () => {
      const count = pick([1, 2, 5, 50, 400]);
      const words = Array.from({ length: count }, () =>
        `${pick(names)}=${pick(oddValues)}`.slice(0, count > 5 ? 20 : 9_000),
      );
      const [method, path] = pick([
        ["GET", pick(paths)],
        ["POST", "/reconcile"],
        ["POST", "/declarations"],
        ["POST", "/replay"],
      ]);
      return made("query", request(`${method} ${path}?${words.join(pick(["&", ";", "&&"]))} HTTP/1.1`));
    },
    () => {
      const headers = Array.from({ length: 1 + below(4) }, () => pick(oddHeaders));
      return made("header", request(`${pick(["GET", "POST", "DELETE"])} ${pick(paths)} HTTP/1.1`, headers));
    },
    () => {
      const [length, size] = pick([
        [10_000, 1],
        [1, 1_000_000],
        [100, 100],
        [190, 5],
        [201, 5],
        [60, 250],
      ]);
      const headers = Array.from({ length }, (_, n) => `X-${n}: ${"a".repeat(size)}`);
      return made("header flood", request(`GET ${pick(paths)} HTTP/1.1`, headers));
    },
    () => {
      const body = pick([
        ...chunkedBodies,
        "abc",
        smuggled,
        `3\r\nabc\r\n0\r\n\r\n${smuggled}`,
        `0\r\n\r\n${smuggled}`,
      ]);
      return made(
        "framing",
        request(`${pick(["POST", "GET"])} ${pick(paths)} HTTP/1.1`, [pick(framings)], body),
      );
    },
    () => {
      const body = utf8(pick(jsonBodies)());
      const full = next() < 0.3 ? [`Authorization: Bearer ${who.token}`] : [];
      const line = `POST ${pick(posts)} HTTP/1.1`;
      const headers = [`Content-Type: ${pick(types)}`, sized(body)];
      if (full.length === 0) return made("body", request(line, headers, body));
      return made(
        "body",
        `${line}\r\nHost: 127.0.0.1\r\n${[...full, ...headers].join("\r\n")}\r\n\r\n${body}`,
      );
    },
    () => {
      const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024)).toString("latin1");
      const headers = [
        "Content-Type: application/json",
        `Content-Encoding: ${pick(["gzip", "br", "deflate", "gzip, gzip"])}`,
        sized(bomb),
      ];
      return made("compressed body", request(`POST ${pick(posts)} HTTP/1.1`, headers, bomb));
    },
    () => {
      const head = request(`POST ${pick(posts)} HTTP/1.1`, [
        "Content-Type: application/json",
        `Content-Length: ${pick([65_537, 9_000_000, 17_000_000, 2 ** 31, 2 ** 53])}`,
      ]);
      return made("oversized body", head, { pieces: endless(head, (piece) => piece) });
    },
    () => {
      const head = request(`POST ${pick(posts)} HTTP/1.1`, [
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
      ]);
      const chunk = (piece: string): string => `${piece.length.toString(16)}\r\n${piece}\r\n`;
      return made("endless body", head, { pieces: endless(head, chunk) });
    },
    () => made("no HTTP", pick(openings)),
    () =>
      made("garbage", Array.from({ length: 1 + below(600) }, () => String.fromCharCode(below(256))).join("")),
    () => {
      const whole = request(`${pick(methods)} ${pick(paths)} HTTP/1.1`, [sized("abc")], "abc");
      const at = below(whole.length);
      return made(
        "torn",
        whole.slice(0, at) + pick(["", "\0", "\r\n", "\xff"]) + (next() < 0.5 ? whole.slice(at) : ""),
      );
    },
    () =>
      made("cut", request(`${pick(methods)} ${pick(paths)} HTTP/1.1`, ["Content-Length: 1000"]), {
        finally: "cut",
      }),
    () =>
      made(
        "half-closed",
        request(`${pick(methods)} ${pick(paths)} HTTP/1.1`).slice(0, pick([5, 40, 10_000])),
        { finally: "end" },
      ),
    () => {
      const requests = Array.from({ length: 2 + below(60) }, () =>
        request(`${pick(["GET", "HEAD"])} ${pick(paths)} HTTP/1.1`),
      );
      return made("pipelined", requests.join(""));
    },
    () => {
      const upgrade = pick(["websocket", "h2c", "TLS/1.0", "websocket, h2c"]);
      const headers = [
        `Upgrade: ${upgrade}`,
        "Connection: Upgrade, HTTP2-Settings",
        `Sec-WebSocket-Key: ${pick(["dGhlIHNhbXBsZSBub25jZQ==", "", "x"])}`,
        "Sec-WebSocket-Version: 13",
        "HTTP2-Settings: AAMAAABk",
      ];
      return made(
        "upgrade",
        request(`GET ${pick(paths)} HTTP/1.1`, headers, "\x81\x85\x00\x00\x00\x00hello"),
      );
    },
  ];
  // Requests of megabytes are rarer.
  const one = pick(kinds)();
  const isLarge = ["oversized body", "endless body", "compressed body"].includes(one.kind);
  return isLarge && next() < 0.8 ? pick(kinds.slice(0, 6))() : one;
}

function* endless(head: string, wrap: (piece: string) => string): Generator<string> {
  yield head;
  for (let sent = 0; sent < ENDLESS_PIECES; sent++) yield wrap(PIECE);
}

/** The bytes of a text, one character each. */
function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}
