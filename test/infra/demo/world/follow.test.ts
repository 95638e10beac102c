import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { createLineSplitter, followLines } from "../../../../infra/demo/world/follow.ts";

let folder: string;
let file: string;
let ending: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-follow-"));
  file = join(folder, "some.log");
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await rm(folder, { recursive: true });
});

/** Returns the lines one by one. */
function follow(chunkBytes?: number): { take(count: number): Promise<string[]>; ended(): Promise<boolean> } {
  const batches = followLines(file, { signal: ending.signal, pollMs: 5, ...(chunkBytes && { chunkBytes }) });
  const held: string[] = [];
  return {
    async take(count) {
      while (held.length < count) held.push(...((await batches.next()).value ?? []));
      return held.splice(0, count);
    },
    ended: async () => held.length === 0 && (await batches.next()).done === true,
  };
}

test("existing lines come first, then appended ones, in order", async () => {
  await writeFile(file, "one\ntwo\r\n\n");
  const lines = follow();
  expect(await lines.take(3)).toEqual(["one", "two", ""]);
  await appendFile(file, "three\n");
  expect(await lines.take(1)).toEqual(["three"]);
});

test("a file that does not exist yet is waited for", async () => {
  const lines = follow();
  const first = lines.take(1);
  await writeFile(file, "late\n");
  expect(await first).toEqual(["late"]);
});

test("an incomplete line is not delivered", async () => {
  await writeFile(file, "whole\nha");
  const lines = follow();
  expect(await lines.take(1)).toEqual(["whole"]);
  const next = lines.take(2);
  await appendFile(file, "lf\nend\n");
  expect(await next).toEqual(["half", "end"]);
});

test("a truncated file is read from its start, without the incomplete line from before", async () => {
  await writeFile(file, "before the cut\nhalf a li");
  const lines = follow();
  expect(await lines.take(1)).toEqual(["before the cut"]);
  const next = lines.take(1);
  await truncate(file, 0);
  // Noticed only while the file is shorter than what was read.
  await appendFile(file, "after\n");
  expect(await next).toEqual(["after"]);
});

test("a batch is read only after the previous one was taken", async () => {
  await writeFile(file, "aaa\nbbb\nccc\n");
  const batches = followLines(file, { signal: ending.signal, pollMs: 5, chunkBytes: 4 });
  expect((await batches.next()).value).toEqual(["aaa"]);
  // Rewritten in place with the same length: reading ahead would deliver the old lines.
  await writeFile(file, "xxx\nyyy\nzzz\n");
  expect((await batches.next()).value).toEqual(["yyy"]);
});

test("the signal ends the wait", async () => {
  await writeFile(file, "one\n");
  const lines = follow();
  await lines.take(1);
  const ended = lines.ended();
  ending.abort();
  expect(await ended).toBe(true);
});

test("a file that cannot be read is an error", async () => {
  const batches = followLines(folder, { signal: ending.signal });
  expect(await batches.next().catch((error: unknown) => String(error))).toContain("EISDIR");
});

test("the lines do not depend on where the bytes are cut, even inside characters", () => {
  const anyLine = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));
  fc.assert(
    fc.property(fc.array(anyLine), anyLine, fc.array(fc.nat(50)), (lines, rest, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join("") + rest);
      const splitter = createLineSplitter();
      const found: string[] = [];
      let from = 0;
      for (const size of [...sizes, bytes.byteLength]) {
        found.push(...splitter.push(bytes.subarray(from, from + size)));
        from = Math.min(bytes.byteLength, from + size);
      }
      expect(found).toEqual(lines);
      expect(splitter.push(Buffer.from("\n"))).toEqual([rest]);
    }),
  );
});
