import type { Shape } from "../kit.ts";

const ESC = "\u001b";

/** What is valid and yet costs a record elsewhere: names, numbers, lengths, scripts, bytes. */
export const oddShapes: readonly Shape[] = [
  {
    name: "colour-codes",
    format: "text",
    of: (kit) =>
      `${ESC}[2m${kit.iso}${ESC}[0m ${ESC}[35mpayment${ESC}[0m ${ESC}[1;31merror${ESC}[0m: ${ESC}[38;5;208m${kit.prose(3)}${ESC}[0m ${ESC}[4m${kit.person()}${ESC}[24m`,
  },
  {
    name: "carriage-returns",
    format: "text",
    of: (kit) => `${kit.iso} ${kit.prose(5)} by ${kit.person()}\r`,
  },
  { name: "bom-text", format: "text", count: 12, of: (kit) => `\uFEFF${kit.iso} ${kit.prose(5)}` },
  {
    name: "bom-json",
    text: "message",
    timestamp: ["time"],
    count: 20,
    of: (kit) => `\uFEFF${JSON.stringify({ time: kit.iso, message: `mark before: ${kit.prose(4)}` })}`,
  },
  {
    name: "json-with-ends",
    text: "message",
    timestamp: ["time"],
    count: 20,
    of: (kit) =>
      `${JSON.stringify({ time: kit.iso, message: `end after: ${kit.prose(4)}` })}${kit.pick(["\r\n", "\u0000", "\u0000\u0000", "  \n"])}`,
  },
  {
    name: "odd-names",
    text: "message",
    count: 40,
    of: (kit) => ({
      message: `odd names: ${kit.prose(3)}`,
      ...kit.pick<object>([
        { "": kit.prose(2) },
        { " ": 1 },
        { a: { "": { b: kit.prose(1) } } },
        { "a..b": kit.prose(1) },
        { ".start": 1, "end.": kit.prose(1) },
        { ".": 1 },
        { "tab\tname": 1, "line\nname": kit.prose(1) },
        { "\u0000": 1 },
        { 日本: { 名前: "太郎" } },
        { [`deep.${"x".repeat(300)}`]: 1 },
      ]),
    }),
  },
  {
    name: "dotted-names",
    text: "message",
    count: 40,
    of: (kit) => ({
      message: `dotted: ${kit.prose(3)}`,
      ...kit.pick<object>([
        { app: "shop", "app.name": "shop" },
        { "app.name": { first: "a" } },
        { app: { name: "x" }, "app.name": "y" },
        { app: 1 },
        { "http.status": 200, http: { status: "200" } },
        { http: "1.1" },
      ]),
    }),
  },
  {
    name: "doubled-names",
    text: "message",
    count: 24,
    of: (kit) =>
      kit.pick([
        `{"message":{"code":${kit.below(9)}},"message":"second ${kit.prose(2)}"}`,
        `{"message":"first ${kit.prose(2)}","level":"info","message":"last ${kit.prose(2)}"}`,
        `{"message":"x ${kit.prose(2)}","a":{"b":1,"b":"${kit.prose(1)}"}}`,
      ]),
  },
  {
    name: "numbers",
    text: "message",
    count: 40,
    of: (kit) =>
      `{"message":"number ${kit.prose(2)}","n":${kit.pick(["1e400", "-1e400", "9007199254740993", "18446744073709551616", "123456789012345678901234567890", "0.1e-400", "3.0000000000000000000001", "-0", "1", "1.5", '"x"', "true", `1${"0".repeat(400)}`])}}`,
  },
  {
    name: "long-strings",
    text: "message",
    count: 12,
    of: (kit) => ({
      message: `long: ${kit.prose(6)}`,
      detail: `${kit.prose(150)} needle${kit.n}alpha`,
      ...(kit.n < 3 && { blob: `${kit.prose(3_800)} needle${kit.n}omega`, word: kit.hex(33_000) }),
    }),
  },
  {
    name: "long-lines",
    format: "text",
    count: 10,
    of: (kit) => `${kit.prose(kit.n < 2 ? 4_000 : 180)} needle${kit.n}omega`,
  },
  {
    name: "chinese-text",
    format: "text",
    of: (kit) =>
      `${kit.iso} [错误] ${kit.pick(["支付服务超时，订单已取消", "数据库连接失败：连接被拒绝", "用户登录成功"])} 用户=${kit.person()} 订单号=${kit.below(9999)}`,
  },
  {
    name: "chinese-json",
    timestamp: ["时间"],
    text: "消息",
    groups: ["41 applications"],
    of: (kit) => ({
      时间: kit.iso,
      级别: "错误",
      消息: kit.pick(["支付服务超时，订单已取消", "数据库连接失败：连接被拒绝"]),
      用户: kit.pick<unknown>([kit.person(), { 编号: kit.below(99) }]),
    }),
  },
  {
    name: "japanese-json",
    text: "message",
    of: (kit) => ({
      message: `${kit.pick(["決済サービスがタイムアウトしました", "注文番号が見つかりません", "ユーザーがログインしました"])} id=${kit.below(999)}`,
      user: kit.pick(["山田太郎", "佐藤花子"]),
    }),
  },
  {
    name: "cyrillic-text",
    format: "text",
    of: (kit) =>
      `${kit.iso} ОШИБКА: ${kit.pick(["соединение с базой данных потеряно", "пользователь не найден", "платёж отклонён банком"])} (узел-${kit.below(9)})`,
  },
  {
    name: "not-utf8",
    format: "text",
    count: 20,
    of: (kit) =>
      Buffer.concat([
        Buffer.from(`${kit.iso} Z`),
        Buffer.from([0xfc]),
        Buffer.from(`rich ${kit.prose(4)} `),
        Buffer.from([0xff, 0xfe, 0xe4]),
      ]),
  },
  {
    name: "not-utf8-json",
    text: "message",
    count: 20,
    of: (kit) =>
      Buffer.concat([
        Buffer.from(`{"message":"caf`),
        Buffer.from([0xe9]),
        Buffer.from(` ${kit.prose(4)}","city":"Z`),
        Buffer.from([0xfc]),
        Buffer.from(`rich"}`),
      ]),
  },
  {
    name: "not-json",
    format: "json",
    count: 20,
    of: (kit) =>
      kit.pick([
        `plain line: ${kit.prose(4)}`,
        `"only a text: ${kit.prose(3)}"`,
        `{"message":"cut off ${kit.prose(2)}`,
        `[1,2,"${kit.prose(2)}"]`,
        "null",
        "42",
      ]),
  },
  {
    name: "own-fields",
    text: "message",
    timestamp: ["@timestamp"],
    count: 40,
    groups: ["41 applications"],
    of: (kit) => ({
      "@timestamp": kit.iso,
      message: `own fields: ${kit.prose(3)}`,
      ...kit.pick<object>([
        { kafka: { topic: "other" } },
        { kafka: "text" },
        { tags: { a: 1 } },
        { tags: "one" },
        { log: "a text" },
        { log: { level: "WARN" } },
        { log: { level: 3, file: "x" } },
        { json: { a: 1 } },
        { json: "text" },
        { event: "login" },
        { event: { original: kit.prose(3) } },
        { _id: "x", _index: "y", _source: { a: 1 } },
        { _type: "t", _routing: "r" },
        { _primary_term: 7 },
        { _seq_no: 1, _version: 2 },
      ]),
    }),
  },
  {
    name: "nested-deep",
    text: "message",
    count: 20,
    of: (kit) => {
      let value: unknown = kit.prose(2);
      for (let depth = 0; depth < 15 + (kit.n % 4) * 10; depth += 1) value = { [`d${depth % 3}`]: value };
      return { message: `deep: ${kit.prose(2)}`, value };
    },
  },
  {
    name: "mixed-lists",
    text: "message",
    count: 30,
    of: (kit) => ({
      message: `lists: ${kit.prose(2)}`,
      list: kit.pick<unknown>([
        [1, "a", true, null, { x: 1 }],
        [[1, [2, ["three"]]]],
        [{ x: "text" }, { x: 5 }],
        [],
        "text",
        7,
        null,
        [null],
      ]),
      empty: kit.pick<unknown>([{}, [], "", null]),
    }),
  },
  {
    name: "message-kinds",
    text: "message",
    count: 40,
    groups: ["41 applications"],
    of: (kit) => ({
      message: kit.pick<unknown>([
        kit.prose(4),
        { text: kit.prose(4), code: 7 },
        [kit.prose(2), { a: 1 }],
        42,
        true,
        null,
        "",
        `{"inner":"${kit.prose(2)}"}`,
        kit.prose(300),
      ]),
      level: kit.pick<unknown>([30, "info", "INFO", { name: "info" }, null]),
      host: kit.pick<unknown>(["a", { name: "b" }, ["a", "b"], 7]),
    }),
  },
];
