import { describe, expect, test } from "bun:test";
import { createProgressLine, progressText } from "../../../../infra/cli/kit/progress-line.ts";

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) };
}

describe("a progress line", () => {
  test("is rewritten in place on a terminal, and removed at the end", () => {
    const output = terminal(true);
    const line = createProgressLine(output, "replay");
    line.show(0, 1_000);
    line.show(500, 1_000);
    line.show(500, 1_000);
    line.end();
    line.end();
    const clear = "\r\u001B[2K";
    expect(output.written).toEqual([
      `${clear}replay [${"-".repeat(30)}]   0 %  0 of 1,000`,
      `${clear}replay [${"#".repeat(15)}${"-".repeat(15)}]  50 %  500 of 1,000`,
      clear,
    ]);
  });

  test("is not written elsewhere", () => {
    const output = terminal(false);
    const line = createProgressLine(output, "replay");
    line.show(1, 2);
    line.end();
    expect(output.written).toEqual([]);
  });

  test.each([200, 60, 40, 30, 20, 10, 3])("fits into %d columns", (columns) => {
    const text = progressText("replay", 1_234_567, 10_000_000, columns);
    expect(text.length).toBeLessThan(columns);
  });

  test("is full if there is nothing to do, and never more than full", () => {
    expect(progressText("a", 0, 0, 80)).toContain("100 %");
    expect(progressText("a", 5, 4, 80)).toContain("100 %");
  });
});
