import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { checkpointMetadata, parseCheckpoint } from "../../../../lib/rules/offsets/checkpoint.ts";

test("a checkpoint is parsed as it was written", () => {
  const offset = fc.nat(Number.MAX_SAFE_INTEGER);
  const timestamp = fc.integer({ min: -1, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(offset, timestamp, (offset, timestamp) => {
      expect(parseCheckpoint(checkpointMetadata({ offset, timestamp }))).toEqual({ offset, timestamp });
    }),
  );
});

test.each([
  null,
  "",
  "{}",
  '{"lastRecord":null}',
  '{"lastRecord":{"offset":-1,"timestamp":0}}',
  '{"lastRecord":{"offset":1}}',
  "x".repeat(4096),
])("foreign metadata is not a checkpoint: %p", (metadata) => expect(parseCheckpoint(metadata)).toBeNull());
