// What the services of a shop have to log, for the loggers to print: `bun test/corpus/make/events.ts SEED COUNT`, one JSON a line.
import { seededRandom, type SeededRandom } from "../../../infra/bench/kit/random.ts";

/** One call of a logger. */
export interface LogEvent {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly logger: string;
  readonly message: string;
  /** Structured context; the same name is an object in one event and a text in the next, as in real services. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** An exception to throw and catch; null: none. */
  readonly error: { readonly message: string; readonly cause: string | null } | null;
}

const NAMES = ["alice", "bob", "chidi", "dörte", "evgeny", "fatima"];
const PATHS = ["/api/v1/orders", "/checkout/confirm", "/login", "/static/app.7f3c.js", "/search", "/healthz"];
const LOGGERS = ["com.shop.orders.OrderService", "com.shop.auth.TokenFilter", "shop.payment", "shop.cart"];
const REASONS = ["timeout", "insufficient funds", "stolen card", "three-d-secure refused"];

type Maker = (random: SeededRandom) => Omit<LogEvent, "logger">;

const hex = ({ below }: SeededRandom, length: number): string =>
  Array.from({ length }, () => below(16).toString(16)).join("");

/** The first, and once in eight times another: how seldom a service writes a field in a shape that is not its usual one. */
const mostly = ({ below, pick }: SeededRandom, shapes: readonly unknown[]): unknown =>
  below(8) === 0 ? pick(shapes) : shapes[0];

/** The conflicts of shapes that one service makes with itself. */
const userOf = (random: SeededRandom): unknown => {
  const { below, pick } = random;
  return mostly(random, [
    { id: below(9_000), name: pick(NAMES), roles: ["reader"] },
    pick(NAMES),
    { id: `u-${below(900)}`, email: `${pick(["ann", "ben"])}@example.org` },
  ]);
};
const durationOf = (random: SeededRandom): unknown =>
  mostly(random, [random.below(90_000) / 100, random.below(4_000), "-"]);

const makers: readonly Maker[] = [
  (random) => ({
    level: "info",
    message: "request completed",
    fields: {
      method: random.pick(["GET", "POST", "DELETE"]),
      path: random.pick(PATHS),
      status: random.pick([200, 201, 304, 404]),
      duration: durationOf(random),
      user: userOf(random),
      request_id: `${hex(random, 8)}-${hex(random, 4)}`,
    },
    error: null,
  }),
  (random) => ({
    level: "info",
    message: `user_login_failed for ${random.pick(NAMES)}`,
    fields: { user_id: mostly(random, [9001, "anonymous", null]), ip: `10.1.${random.below(256)}.7` },
    error: null,
  }),
  (random) => ({
    level: "warn",
    message: `disk almost full: ${80 + random.below(19)} % of /var/lib/postgresql used`,
    fields: { host: mostly(random, ["db-1", { name: "db-2", ip: "10.0.0.8", os: { name: "debian" } }]) },
    error: null,
  }),
  (random) => ({
    level: "info",
    message: `order ${random.below(100_000)} placed`,
    fields: {
      order: {
        id: random.below(1_000_000),
        total: mostly(random, ["12.50", 12.5, 1250]),
        items: Array.from({ length: 1 + random.below(3) }, () => ({
          sku: `SKU-${random.below(999)}`,
          quantity: random.below(9),
        })),
      },
      labels: { app: "shop", "app.kubernetes.io/name": "shop" },
    },
    error: null,
  }),
  (random) => ({
    level: "error",
    message: "payment refused",
    fields: { user: userOf(random), duration: durationOf(random), attempt: random.below(5) },
    error: { message: `card declined: ${random.pick(REASONS)}`, cause: "gateway answered 502 Bad Gateway" },
  }),
  (random) => ({
    level: "error",
    message: "database is gone",
    fields: { host: mostly(random, ["db-1", { name: "db-2" }]), query: "SELECT * FROM orders WHERE id=$1" },
    error: { message: "connect ECONNREFUSED 10.0.0.8:5432", cause: null },
  }),
  (random) => ({
    level: "debug",
    message: `cache.miss key=session:${hex(random, 12)}`,
    fields: { cache: mostly(random, [true, { hit: false, ttl: 300 }, "redis-2"]) },
    error: null,
  }),
  (random) => ({
    level: "info",
    message: random.pick([
      "支付成功，订单已发货",
      "заказ отправлен покупателю",
      "注文が確定しました",
      "Bestellung für Zürich bestätigt",
    ]),
    fields: { locale: random.pick(["zh-CN", "ru-RU", "ja-JP", "de-CH"]), amount: random.below(10_000) / 100 },
    error: null,
  }),
  (random) => ({
    level: "warn",
    message: `retrying com.shop.stock.StockClient.reserve(${random.below(99)}), attempt ${1 + random.below(4)}`,
    fields: {
      error: mostly(random, ["socket hang up", { code: "ETIMEDOUT", message: "upstream timed out" }]),
      data: mostly(random, [[1, 2, 3], { batch: 7 }, "none"]),
    },
    error: null,
  }),
  (random) => ({
    level: "info",
    message: "nightly import finished",
    fields: {
      rows: random.below(1_000_000),
      result: mostly(random, ["ok", { inserted: random.below(900), skipped: 3 }]),
      report: `Import of supplier catalogue ${hex(random, 6)}. ${"Each article was compared with the stored one and updated where prices differed. ".repeat(random.pick([1, 14, 16]))}Finally the warehouse was notified by ${random.pick(NAMES)}.`,
    },
    error: null,
  }),
];

/** The same seed gives the same events. */
export function logEvents(seed: number, count: number): LogEvent[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    // Each kind in turn first, so that all are there.
    const maker = makers[n < makers.length ? n : random.below(makers.length)] ?? random.pick(makers);
    return { logger: random.pick(LOGGERS), ...maker(random) };
  });
}

if (import.meta.main) {
  const [seed = "1", count = "50"] = process.argv.slice(2);
  for (const event of logEvents(Number(seed), Number(count)))
    process.stdout.write(`${JSON.stringify(event)}\n`);
}
