import { describe, expect, test } from "bun:test";
import { createLogger, type LogOptions } from "../../../../lib/adapters/log/log.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { createRedaction } from "../../../../lib/rules/secrets/redaction.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level: "info", pretty: false, destination, ...options });
  const last = () => JSON.parse(lines.at(-1) ?? "null");
  return { logger, lines, last };
}

describe("JSON lines", () => {
  test("hold time, level, message and fields, and nothing else", () => {
    const { logger, lines, last } = capture();
    logger.info("topic started", { topic: "golang_log", partitions: 4 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEndWith("}\n");
    const { time, ...rest } = last();
    expect(new Date(time).toISOString()).toBe(time);
    expect(rest).toEqual({ level: "info", msg: "topic started", topic: "golang_log", partitions: 4 });
  });

  test("follow the current level", () => {
    let level: "warn" | "debug" = "warn";
    const { logger, lines } = capture({ level: () => level });
    logger.info("not yet");
    level = "debug";
    logger.info("seen");
    level = "warn";
    logger.info("not any more");
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["seen"]);
  });

  test("below the level are not written", () => {
    const { logger, lines } = capture({ level: "warn" });
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(["warn", "error"]);
  });

  test("show an error by type, message and code only", () => {
    const { logger, last } = capture();
    const cause = Object.assign(new Error("ECONNREFUSED"), { meta: { body: "a log line" } });
    const error = Object.assign(new PenstockError("etcd_unavailable", "etcd is away", { cause }), {
      meta: { body: "a log line" },
    });
    logger.warn("etcd unreadable", { error, nested: { cause } });
    expect(last()).toMatchObject({
      error: { type: "PenstockError", message: "etcd is away", code: "etcd_unavailable" },
      nested: { cause: { type: "Error", message: "ECONNREFUSED" } },
    });
    expect(JSON.stringify(last())).not.toContain("a log line");
    expect(last().error).not.toHaveProperty("stack");
  });

  test("show the stack at level debug", () => {
    const { logger, last } = capture({ level: "debug" });
    logger.warn("x", { error: new Error("y") });
    expect(last().error.stack).toContain("log.test.ts");
  });

  test("never show a secret: by its value anywhere, or by its field's name", () => {
    let hide = createRedaction(["s3cr3t"]);
    const { logger, lines, last } = capture({ hide: (text) => hide(text) });
    logger.error("login with s3cr3t", {
      error: new Error("refused: s3cr3t"),
      url: "http://u:s3cr3t@host/",
      list: ["s3cr3t"],
      password: "other",
      held: { secret: new Secret("wrapped"), list: [new Secret("wrapped")], settings: new Secret("wrapped") },
      headers: { authorization: "Bearer abc", cookie: "penstock_session=abc", accept: "*/*" },
    });
    hide = createRedaction(["changed"]);
    logger.error("now changed");
    expect(lines.join("")).not.toMatch(/s3cr3t|other|abc|changed|wrapped/);
    expect(JSON.parse(lines[0] ?? "").headers.accept).toBe("*/*");
    expect(last().msg).toBe("now (hidden)");
  });

  test("never show bytes, and survive values that JSON cannot express", () => {
    const { logger, last } = capture();
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    logger.info("x", { value: Buffer.from("a log line"), big: 12n, at: new Date(0), none: undefined, loop });
    expect(last()).toMatchObject({ value: "[10 bytes]", big: "12", at: "1970-01-01T00:00:00.000Z" });
  });
});

test("readable lines show local time, level, message and fields", () => {
  const { logger, lines } = capture({ pretty: true });
  logger.warn("topic stalled", { topic: "golang_log", reason: "no broker", lag: 3, error: new Error("x") });
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d) WARN {2}topic stalled {2}topic=golang_log reason="no broker" lag=3 error=\{"type":"Error","message":"x"\}\n$/,
  );
});

test.each([
  ["UTC", "00:00:00.000Z"],
  ["Asia/Kolkata", "05:30:00.000+05:30"],
  ["America/St_Johns", "20:30:00.000-03:30"],
])("the time in %s says its zone", (zone, time) => {
  const module = new URL("../../../../lib/adapters/log/log-pretty.ts", import.meta.url).pathname;
  const script = `import { prettyLine } from ${JSON.stringify(module)};
    console.log(prettyLine('{"time":"2026-01-01T00:00:00.000Z","level":"info"}'));`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script], { env: { ...process.env, TZ: zone } });
  expect(String(stdout)).toStartWith(`${time} INFO`);
});

test("readable lines cannot drive the terminal", () => {
  const { logger, lines } = capture({ pretty: true });
  logger.warn("a\u001b[31m\nb", { "na\u0007me": "x\u009b2J\u202e\r\u007f" });
  expect(lines[0]).toEndWith('a\\u001b[31m\\u000ab  na\\u0007me="x\\u009b2J\\u202e\\r\\u007f"\n');
});

test("writes to standard output before the process ends", async () => {
  const module = new URL("../../../../lib/adapters/log/log.ts", import.meta.url).pathname;
  const script = `import { createLogger } from ${JSON.stringify(module)};
    createLogger({ level: "info", pretty: false }).error("bad config"); process.exit(78);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  expect(code).toBe(78);
  expect(JSON.parse(text)).toMatchObject({ level: "error", msg: "bad config" });
});
