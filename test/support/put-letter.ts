import { deadLetterOf } from "../../lib/rules/dead-letters/dead-letter.ts";
import type { FakeReader } from "./fake-reader.ts";
import { sourceRecord } from "./records.ts";

/** Puts the letter of topic "app"'s record at an offset at the same offset of the topic "dead", a second after the one before. */
export function putLetter(
  reader: FakeReader,
  offset: number,
  {
    index = "logs",
    reason = "failed to parse field [n]",
  }: { readonly index?: string; readonly reason?: string } = {},
): void {
  const { key, value, headers } = deadLetterOf({
    topic: "app",
    record: sourceRecord(`v${offset}`, { offset }),
    rejection: { status: 400, type: "t", reason, index },
    attempts: 2,
    failedAt: 1_000 * offset,
  });
  reader.put("dead", { partition: 0, offset, timestamp: 0, key, value, headers });
}
