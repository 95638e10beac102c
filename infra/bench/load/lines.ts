import { seededRandom, type SeededRandom } from "../kit/random.ts";

/** Generated log records. The same seed gives the same bytes on any machine. */
export type LineFormat = "text" | "json";

/**
 * An endless source of log records.
 * - `text`: system log lines of 50 to 600 bytes, 140 on average, like those of sshd, nginx, the kernel and a Java service; about
 *   one in forty contains quotes or a backslash, one in a hundred non-ASCII text.
 * - `json`: flat and nested structured records of about 1 KB.
 */
export function createLineSource(format: LineFormat, seed: number): () => string {
  const words = createWords(seededRandom(seed));
  return format === "text" ? () => textLine(words) : () => jsonLine(words);
}

interface Words extends SeededRandom {
  readonly hex: (length: number) => string;
  readonly address: () => string;
  /** Words, cut off at this length. */
  readonly prose: (length: number) => string;
}

const VOCABULARY =
  "request response timeout connection refused handler worker queue flush segment checkpoint retry upstream cache miss user session token expired disk partition rebalance leader election snapshot compaction index shard merge commit rollback deadlock latency budget exceeded allocated released gateway route policy denied accepted".split(
    " ",
  );
const HOSTS = Array.from({ length: 40 }, (_, n) => `node-${String(n).padStart(2, "0")}.eu-1.example.net`);
const UNITS = [
  "nginx.service",
  "postgresql@15-main.service",
  "containerd.service",
  "cron.service",
  "kubelet.service",
];
const PATHS = [
  "/api/v1/orders",
  "/api/v1/orders/items",
  "/login",
  "/assets/app.7f3c.js",
  "/health",
  "/search",
];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "curl/8.9.1",
  "Go-http-client/2.0",
];
const CLASSES = ["com.example.orders.OrderService", "com.example.auth.TokenFilter", "org.hibernate.SQL"];
const LEVELS = ["INFO", "INFO", "INFO", "WARN", "DEBUG", "ERROR"];
const BEYOND_ASCII = ["Zürich", "déjà vu", "naïve", "日本語", "→ done", "Ünïcode"];

function createWords(random: SeededRandom): Words {
  const { below, pick } = random;
  return {
    ...random,
    hex: (length) => below(0x7fffffff).toString(16).padStart(length, "0").slice(0, length),
    address: () => `10.${below(256)}.${below(256)}.${below(256)}`,
    prose(length) {
      let text = pick(VOCABULARY);
      while (text.length < length) text += ` ${pick(VOCABULARY)}`;
      return text.slice(0, length);
    },
  };
}

function stamp({ below }: Words): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `Nov ${two(1 + below(28))} ${two(below(24))}:${two(below(60))}:${two(below(60))}`;
}

function textLine(words: Words): string {
  const { next, below, pick, hex, address, prose } = words;
  const head = `${stamp(words)} ${pick(HOSTS)} `;
  const kind = next();
  if (kind < 0.2)
    return `${head}sshd[${below(65_000)}]: Accepted publickey for deploy from ${address()} port ${below(65_000)} ssh2: ED25519 SHA256:${hex(8)}${hex(8)}${hex(8)}`;
  if (kind < 0.4) return `${head}systemd[1]: ${pick(UNITS)}: ${prose(20 + below(50))}.`;
  if (kind < 0.65)
    return `${head}app[${below(65_000)}]: level=${pick(LEVELS)} request_id=${hex(8)}${hex(8)} took=${below(4_000)}ms ${prose(10 + below(60))}`;
  if (kind < 0.8) return `${head}kernel: [${below(999_999)}.${hex(6)}] eth0: ${prose(15 + below(60))}`;
  if (kind < 0.825)
    return `${address()} - - [10/Nov/2026:13:55:36 +0000] "GET ${pick(PATHS)}?q=${hex(6)} HTTP/1.1" 200 ${below(90_000)} "-" "${pick(AGENTS)}"`;
  if (kind < 0.835) return `${head}${pick(BEYOND_ASCII)}: ${prose(30 + below(60))}`;
  if (kind < 0.97) return `${head}${pick(CLASSES)} ${pick(LEVELS)} ${prose(30 + below(60))}`;
  return `${head}${pick(CLASSES)} ERROR ${prose(200 + below(300))}`;
}

function jsonLine(words: Words): string {
  const { below, pick, hex, address, prose } = words;
  return JSON.stringify({
    level: pick(LEVELS),
    logger: pick(CLASSES),
    thread: `http-nio-8080-exec-${below(200)}`,
    message: prose(180 + below(200)),
    host: { name: pick(HOSTS), ip: address(), zone: `eu-1${pick(["a", "b", "c"])}` },
    http: {
      request: {
        method: "GET",
        path: `${pick(PATHS)}?q=${hex(6)}`,
        bytes: below(9_000),
        id: hex(8) + hex(8),
      },
      response: { status_code: 200 + below(4) * 100, bytes: below(90_000) },
      user_agent: pick(AGENTS),
    },
    trace_id: hex(8) + hex(8) + hex(8) + hex(8),
    span_id: hex(8) + hex(8),
    duration_ms: below(400_000) / 100,
    user: { id: below(1_000_000), roles: ["reader", pick(["writer", "admin"])] },
    labels: { app: "orders", version: `2.${below(20)}.${below(9)}`, canary: below(2) === 1, build: null },
    comment: prose(150 + below(120)),
  });
}
