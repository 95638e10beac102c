import { expect, test } from "bun:test";
import { messageText } from "../../../../lib/rules/search/message-text.ts";

const of = (raw: string) => messageText(raw, JSON.parse(raw) as Record<string, unknown>);
const added =
  '"@timestamp":"x","log":{"file":{"path":"/a"}},"kafka":{"topic":"t"},"tags":["a"],"event":{"original":"eA=="}';

test.each([
  [`{${added},"message":"hello"}`, "hello"],
  [`{${added},"message":""}`, ""],
  [`{${added},"message":1.00}`, "1.00"],
  [`{${added},"message":["a", "b"]}`, '["a", "b"]'],
  [`{${added},"id":12345678901234567890,"n":1.0}`, '{"id":12345678901234567890,"n":1.0}'],
  [`{${added},"message":null,"a":1}`, '{"message":null,"a":1}'],
  ['{"log":{"level":"info"},"event":{"kind":"x"}}', '{"log":{"level":"info"},"event":{"kind":"x"}}'],
  ['{"__proto__":{"a":1},"constructor":2}', '{"__proto__":{"a":1},"constructor":2}'],
  [`{${added}}`, "{}"],
])("%s reads %s", (raw, text) => {
  expect(of(raw)).toBe(text);
});
