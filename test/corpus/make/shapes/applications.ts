import type { Shape } from "../kit.ts";
import { javaStack } from "./java-stack.ts";

const apps = ["41 applications"];

/** Databases, agents and services that log in a way of their own. */
export const applicationShapes: readonly Shape[] = [
  {
    name: "sentry-events",
    timestamp: ["timestamp"],
    groups: apps,
    of: (kit) => ({
      event_id: kit.hex(32),
      timestamp: kit.ms / 1000,
      platform: "python",
      level: kit.mostly(["error", 40]),
      logentry: kit.mostly([
        { message: "failed to %s", params: [kit.prose(2), kit.below(9)] },
        { formatted: kit.prose(4) },
        kit.prose(3),
      ]),
      exception: kit.mostly([
        {
          values: [
            {
              type: "KeyError",
              value: `'${kit.prose(1)}'`,
              stacktrace: {
                frames: [
                  {
                    filename: "shop/cart.py",
                    lineno: kit.below(99),
                    vars: { self: "<Cart>", item: kit.mostly([1, { sku: "x" }]) },
                  },
                ],
              },
            },
          ],
        },
        "KeyError",
      ]),
      tags: kit.mostly([[["environment", "prod"]], { environment: "prod" }, null]),
      user: kit.mostly([{ id: 7, ip_address: kit.ip() }, kit.person()]),
      extra: { "sys.argv": ["manage.py"], sys: kit.once(3) ? "x" : undefined },
      contexts: { runtime: { name: "CPython", version: "3.11.7" } },
    }),
  },
  {
    name: "lograge",
    timestamp: ["time"],
    groups: apps,
    of: (kit) => ({
      method: "POST",
      path: "/orders",
      format: kit.mostly(["json", "*/*"]),
      controller: "Api::V1::OrdersController",
      action: "create",
      status: 422,
      duration: kit.below(90_000) / 100,
      view: 0.0,
      db: kit.mostly([1.5, "-"]),
      params: kit.mostly([{ order: { article: kit.prose(2) } }, "{}", null]),
      exception: kit.once(3)
        ? ["ActiveRecord::RecordInvalid", `Validation failed: ${kit.prose(3)}`]
        : undefined,
      time: kit.ms / 1000,
    }),
  },
  {
    name: "ecs-application",
    timestamp: ["@timestamp"],
    text: "message",
    groups: apps,
    of: (kit) => ({
      "@timestamp": kit.iso,
      "log.level": kit.pick(["INFO", "ERROR"]),
      message: `${kit.person()} placed order: ${kit.prose(6)}`,
      "ecs.version": "1.2.0",
      service: { name: "shop", version: kit.mostly(["1.2", 1.2]) },
      "event.dataset": "shop.log",
      event: kit.mostly([{ duration: kit.below(1e9), outcome: "success" }, undefined, "login"]),
      error: kit.once(3)
        ? { type: "java.io.IOException", message: kit.prose(3), stack_trace: javaStack(kit) }
        : undefined,
      labels: { order_id: kit.mostly([kit.below(999), "none"]) },
    }),
  },
  {
    name: "filebeat",
    timestamp: ["@timestamp"],
    text: "message",
    groups: apps,
    of: (kit) => ({
      "@timestamp": kit.iso,
      "@metadata": { beat: "filebeat", version: "8.15.0" },
      message: `${kit.iso} ${kit.pick(["INFO", "WARN"])} ${kit.prose(7)}`,
      host: kit.mostly([{ name: "web-1", mac: ["00-16-3E-00-00-01"] }, "web-1"]),
      log: { offset: kit.below(1e6), file: { path: "/var/log/shop.log" } },
      input: kit.mostly([{ type: "filestream" }, "log"]),
      fields: kit.mostly([{ env: "prod", message: kit.prose(2) }, null]),
      tags: kit.mostly([["web"], "web", null]),
    }),
  },
  {
    name: "mongodb",
    timestamp: ["t.$date"],
    text: "msg",
    groups: apps,
    of: (kit) => ({
      t: { $date: kit.iso.replace("Z", "+00:00") },
      s: "W",
      c: "COMMAND",
      id: 51803,
      ctx: `conn${kit.below(99)}`,
      msg: kit.pick(["Slow query", `Replica set election: ${kit.prose(3)}`]),
      attr: kit.mostly([
        {
          type: "command",
          ns: "shop.orders",
          command: {
            find: "orders",
            filter: { $or: [{ _id: { $oid: kit.hex(24) } }, { a: { $gt: 5 } }] },
            lsid: { id: { $uuid: kit.uuid() } },
          },
          planSummary: "COLLSCAN",
          durationMillis: kit.below(900),
        },
        { error: { code: 13, codeName: "Unauthorized", errmsg: kit.prose(3) } },
        { error: "HostUnreachable", command: "isMaster" },
      ]),
    }),
  },
  {
    name: "postgres-json",
    timestamp: ["timestamp"],
    text: "message",
    groups: apps,
    of: (kit) => ({
      timestamp: `${kit.iso.replace("T", " ").replace("Z", "")} UTC`,
      user: kit.person(),
      dbname: "shop",
      pid: kit.below(9000),
      error_severity: "ERROR",
      state_code: kit.mostly(["23505", 23505]),
      message: `duplicate key value violates unique constraint "${kit.prose(1)}_pkey"`,
      detail: `Key (id)=(${kit.below(999)}) already exists.`,
      statement: `INSERT INTO orders (id, note) VALUES (${kit.below(99)}, '${kit.prose(2)}')`,
      backend_type: "client backend",
    }),
  },
  {
    name: "postgres-text",
    format: "text",
    of: (kit) =>
      `${kit.iso.replace("T", " ").replace("Z", "")} UTC [${kit.below(9000)}] ${kit.person()}@shop ${kit.pick(["LOG", "ERROR", "FATAL"])}:  ${kit.pick([`duration: ${kit.below(9999)}.123 ms  execute <unnamed>: SELECT * FROM orders WHERE note = '${kit.prose(2)}'`, `could not serialize access due to concurrent update: ${kit.prose(2)}`])}`,
  },
  {
    name: "redis",
    format: "text",
    of: (kit) =>
      `${kit.below(99)}:M 28 Nov 2026 ${kit.iso.slice(11, 23)} ${kit.pick(["*", "#", "-"])} ${kit.pick(["Background saving terminated with success", `Connection with replica ${kit.ip()}:6379 lost.`, `WARNING overcommit_memory is set to 0! ${kit.prose(3)}`])}`,
  },
  {
    name: "hadoop-namenode",
    format: "text",
    of: (kit) =>
      `${kit.iso.slice(2, 10).replaceAll("-", "")} ${kit.iso.slice(11, 19).replaceAll(":", "")} ${kit.below(99)} INFO dfs.${kit.pick(["FSNamesystem: BLOCK* NameSystem.addStoredBlock", "DataNode$PacketResponder: PacketResponder", "FSNamesystem: BLOCK* NameSystem.allocateBlock"])}: blockMap updated: ${kit.ip()}:50010 is added to blk_-${kit.below(1e9)} size ${kit.below(1e8)}`,
  },
  {
    name: "java-stacks",
    format: "text",
    of: (kit) =>
      `${kit.iso.replace("T", " ").replace("Z", "")} ERROR [http-nio-8080-exec-${kit.below(99)}] c.s.o.OrderController - ${kit.prose(4)}\n${javaStack(kit)}`,
  },
  {
    name: "java-stack-lines",
    format: "text",
    count: 60,
    of: (kit) => {
      const lines = javaStack(kit).split("\n");
      return lines[kit.n % lines.length] ?? "\t... 42 more";
    },
  },
  {
    name: "syslog-3164",
    format: "text",
    of: (kit) =>
      `<${kit.below(190)}>Nov 28 ${kit.iso.slice(11, 19)} web-${kit.below(9)} ${kit.pick([`sshd[${kit.below(9000)}]: Failed password for invalid user ${kit.person()} from ${kit.ip()} port ${kit.below(65_000)} ssh2`, `kernel: [${kit.below(99_999)}.123456] oom-kill:constraint=CONSTRAINT_MEMCG,task=java,pid=${kit.below(9000)}`, `CRON[${kit.below(9000)}]: (root) CMD (/usr/lib/${kit.prose(1)}/run-parts)`])}`,
  },
  {
    name: "syslog-5424",
    format: "text",
    of: (kit) =>
      `<165>1 ${kit.iso} mymachine.example.com evntslog ${kit.below(9000)} ID${kit.below(99)} [exampleSDID@32473 iut="3" eventSource="${kit.prose(1)}" eventID="1011"] \uFEFF${kit.person()} did: ${kit.prose(5)}`,
  },
  {
    name: "syslog-json",
    timestamp: ["timestamp"],
    precisionMs: 1000,
    text: "message",
    groups: apps,
    of: (kit) => ({
      timestamp: `Nov 28 ${kit.iso.slice(11, 19)}`,
      host: kit.mostly(["web-1", { name: "web-1" }]),
      program: "sshd",
      pid: kit.mostly([kit.below(9000), "-"]),
      facility: "auth",
      severity: kit.mostly(["info", 6]),
      message: `session opened for user ${kit.person()}(uid=0): ${kit.prose(3)}`,
    }),
  },
  {
    name: "auditd",
    format: "text",
    of: (kit) =>
      `type=SYSCALL msg=audit(${kit.ms / 1000}:${kit.below(9999)}): arch=c000003e syscall=59 success=yes exit=0 a0=${kit.hex(12)} comm="${kit.prose(1)}" exe="/usr/bin/curl" key="susp_activity"`,
  },
  {
    name: "cef",
    format: "text",
    of: (kit) =>
      `CEF:0|Example|Threat Manager|1.0|${kit.below(999)}|${kit.prose(3)} stopped|10|src=${kit.ip()} dst=${kit.ip()} spt=1232 suser=${kit.person()} cs1Label=policy cs1=${kit.prose(1)}\\=strict`,
  },
  {
    name: "gelf-appender",
    timestamp: ["timestamp"],
    text: "short_message",
    groups: apps,
    of: (kit) => ({
      version: "1.1",
      host: "shop-1",
      short_message: kit.prose(6),
      full_message: kit.once(3) ? javaStack(kit) : undefined,
      timestamp: kit.ms / 1000,
      level: kit.mostly([3, 6, "6"]),
      _user_id: kit.mostly([9001, "anonymous"]),
      _request_id: kit.uuid(),
      _duration: kit.mostly([kit.below(999), "-"]),
    }),
  },
];
