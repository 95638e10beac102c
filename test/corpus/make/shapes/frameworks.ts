import type { Shape } from "../kit.ts";
import { javaStack } from "./java-stack.ts";

const apps = ["41 applications"];

/** Loggers of .NET, PHP, Ruby and Java as their users set them, and times in every form. */
export const frameworkShapes: readonly Shape[] = [
  {
    name: "serilog-compact",
    timestamp: ["@t"],
    text: "@mt",
    groups: apps,
    of: (kit) => ({
      "@t": kit.iso.replace("Z", "1234Z"),
      "@mt": "Processed {OrderId} for {@User} in {Elapsed:000} ms",
      "@l": "Warning",
      "@x": kit.once(3)
        ? `System.InvalidOperationException: ${kit.prose(4)}\r\n   at Shop.Cart.Checkout() in /src/Cart.cs:line ${kit.below(99)}`
        : undefined,
      OrderId: kit.below(9999),
      User: kit.mostly([{ Name: kit.person(), $type: "User" }, kit.person()]),
      Elapsed: kit.mostly([34, 12.5]),
      SourceContext: "Shop.Checkout.CartController",
    }),
  },
  {
    name: "serilog-rendered",
    timestamp: ["@t"],
    text: "@m",
    of: (kit) => ({
      "@t": kit.iso,
      "@m": `Processed order ${kit.below(999)} for "${kit.person()}": ${kit.prose(4)}`,
      "@i": kit.hex(8),
      "@l": "Error",
    }),
  },
  {
    name: "monolog",
    timestamp: ["datetime"],
    text: "message",
    groups: apps,
    of: (kit) => ({
      message: `Matched route "${kit.prose(1)}_show".`,
      context: kit.mostly([
        [],
        { route: "order_show", exception: { class: "RuntimeException", message: kit.prose(3), code: 0 } },
        { exception: `RuntimeException: ${kit.prose(2)}` },
      ]),
      level: 200,
      level_name: "INFO",
      channel: "request",
      datetime: kit.mostly([kit.iso.replace("Z", "000+00:00")]),
      extra: kit.mostly([[], { token: kit.hex(6) }]),
    }),
  },
  {
    name: "laravel",
    format: "text",
    of: (kit) =>
      `[${kit.iso.slice(0, 19).replace("T", " ")}] production.ERROR: SQLSTATE[23000]: Integrity constraint violation {"userId":${kit.below(99)},"exception":"[object] (Illuminate\\\\Database\\\\QueryException(code: 23000): ${kit.prose(3)} at /var/www/vendor/laravel/Connection.php:${kit.below(900)})"}`,
  },
  {
    name: "rails",
    format: "text",
    of: (kit) =>
      `I, [${kit.iso.slice(0, -1)}000 #${kit.below(9000)}]  INFO -- : [${kit.uuid()}] Completed 200 OK in ${kit.below(900)}ms (Views: 5.1ms | ActiveRecord: 1.2ms | Allocations: ${kit.below(9999)}) ${kit.prose(2)}`,
  },
  {
    name: "jackson-dates",
    timestamp: ["date"],
    precisionMs: 1000,
    text: "text",
    groups: apps,
    of: (kit) => ({
      date: [
        kit.at.getUTCFullYear(),
        kit.at.getUTCMonth() + 1,
        kit.at.getUTCDate(),
        kit.at.getUTCHours(),
        kit.at.getUTCMinutes(),
        kit.at.getUTCSeconds(),
      ],
      text: `${kit.person()} cancelled: ${kit.prose(4)}`,
      result: kit.mostly([true, "true", 1, { ok: true }]),
    }),
  },
  {
    name: "java-zoned",
    timestamp: ["when"],
    text: "body",
    of: (kit) => ({
      when: `${new Date(kit.ms + 3_600_000).toISOString().slice(0, -1)}+01:00[Europe/Berlin]`,
      body: `Bestellung ${kit.below(999)} ausgeliefert: ${kit.prose(3)}`,
      level: kit.mostly([30, "info", { name: "INFO", value: 800 }]),
    }),
  },
  {
    name: "compact-dates",
    timestamp: ["at"],
    precisionMs: 1000,
    text: "msg",
    groups: apps,
    of: (kit) => ({
      at: `${kit.iso.slice(0, 19).replaceAll(/[-:]/g, "")}Z`,
      msg: `batch.finished ${kit.prose(4)}`,
      data: kit.mostly([[1, "two", { three: 3 }], [[1], [2, 3]], "none", { a: [{ b: 1 }, { b: "x" }] }]),
    }),
  },
  {
    name: "changing-dates",
    timestamp: ["time", "ts", "@timestamp", "date"],
    precisionMs: 1000,
    text: "msg",
    groups: apps,
    of: (kit) => ({
      [kit.pick(["time", "ts", "@timestamp", "date"])]: kit.mostly([
        Math.floor(kit.ms / 1000),
        `${kit.iso.slice(0, 19)}Z`,
        Math.floor(kit.ms / 1000) * 1000,
        kit.at.toUTCString(),
      ]),
      msg: `tick: ${kit.prose(4)}`,
    }),
  },
  {
    name: "connect-status",
    text: "trace",
    groups: apps,
    of: (kit) => ({
      state: kit.pick(["FAILED", "RUNNING"]),
      worker_id: `${kit.ip()}:8083`,
      generation: kit.below(99),
      trace: kit.once(2) ? javaStack(kit) : undefined,
      tasks: kit.mostly([[{ id: 0, state: "RUNNING" }], [0, 1], {}]),
    }),
  },
  {
    name: "metrics-like",
    timestamp: ["timestamp"],
    groups: apps,
    of: (kit) => ({
      timestamp: kit.ms,
      name: "http_requests",
      value: kit.mostly([1, 1.5, "NaN", null, 1e300]),
      labels: { job: "shop", "job.name": "x", le: kit.mostly(["+Inf", 0.5]) },
      buckets: [
        [0.1, 3],
        [0.5, 9],
      ],
    }),
  },
];
