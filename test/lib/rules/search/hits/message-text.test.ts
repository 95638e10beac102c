import { expect, test } from "bun:test";
import { messageText } from "../../../../../lib/rules/search/hits/message-text.ts";

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
  [`{${added},"message":"","a":1}`, '{"a":1}'],
  [`{${added},"message":"","msg":"started"}`, "started"],
  [`{${added},"msg":"started","ts":1.5}`, "started"],
  [`{${added},"message":"first","msg":"second"}`, "first"],
  [`{${added},"message":{"code": 4},"msg":"said"}`, "said"],
  [`{${added},"message":{"code": 4},"a":1}`, '{"code": 4}'],
  [`{${added},"json":{"log":"a line\\r\\n"},"stream":"stdout"}`, "a line"],
  ['{"kafka":{"value":{"a": 1.0}}}', '{"a": 1.0}'],
  ['{"kafka":{"value":{"a":1,"log":"from within"}}}', "from within"],
  ['{"log":{"level":"info"},"a":1}', '{"a":1}'],
  ['{"log":{"level":"info","file":{"path":"/a"}},"a":1}', '{"a":1}'],
  ['{"log":{"level":"info"},"host":{"name":"web-1"},"a":1}', '{"a":1}'],
  ['{"host":{"name":"web-1","ip":"::1"}}', '{"host":{"name":"web-1","ip":"::1"}}'],
  ['{"log":{"level":{"n":1}}}', '{"log":{"level":{"n":1}}}'],
  ['{"log":{"logger":"x"},"event":{"kind":"x"}}', '{"log":{"logger":"x"},"event":{"kind":"x"}}'],
  ['{"__proto__":{"a":1},"constructor":2}', '{"__proto__":{"a":1},"constructor":2}'],
  [`{${added}}`, "{}"],
])("%s reads %s", (raw, text) => {
  expect(of(raw)).toBe(text);
});
