import { describe, expect, test } from "bun:test";
import { countKeyed } from "./keyed-records.ts";

describe("numbered records", () => {
  test("are lost where no document has the number, and doubled where more than one has", () => {
    expect(countKeyed(5, [0, 1, 2, 3, 4])).toEqual({ documents: 5, lost: 0, doubled: 0 });
    expect(countKeyed(5, [0, 0, 0, 2, 4, 4])).toEqual({ documents: 6, lost: 2, doubled: 3 });
    expect(countKeyed(2, [])).toEqual({ documents: 0, lost: 2, doubled: 0 });
  });

  test("that were never sent are an error", () => {
    expect(() => countKeyed(2, [0, 2])).toThrow("number 2, which was never sent");
  });
});
