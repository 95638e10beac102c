import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfigFile } from "../../../../lib/adapters/system/config-file.ts";
import { readTextFile } from "../../../../lib/adapters/system/text-file.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-text-"));
  file = join(folder, "a.txt");
  await writeFile(file, "one");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test("returns the text and a hash of the content", async () => {
  const first = readTextFile(file);
  expect(first.text).toBe("one");
  expect(readTextFile(file)).toEqual(first);
  expect(readConfigFile(file)).toEqual(first);
  await writeFile(file, "two");
  expect(readTextFile(file).hash).not.toBe(first.hash);
});

test.each([
  ["absent", () => unlink(file), "ENOENT", "ENOENT"],
  [
    "over 1 MiB",
    () => writeFile(file, "x".repeat(1024 * 1024 + 1)),
    "EFBIG",
    "it is larger than 1 MiB (1048577 bytes)",
  ],
  ["not UTF-8", () => writeFile(file, Buffer.from([0xff])), "EILSEQ", "it is not UTF-8"],
  ["a folder", () => unlink(file).then(() => mkdir(file)), "EISDIR", "it is a folder, not a regular file"],
  [
    "a named pipe, which would be waited for",
    () => unlink(file).then(() => Bun.spawn(["mkfifo", file]).exited),
    "EINVAL",
    "it is not a regular file",
  ],
])("%s is refused with a code, and as a config file", async (_, prepare, code, reason) => {
  await prepare();
  expect(() => readTextFile(file)).toThrow(expect.objectContaining({ code }));
  expect(() => readConfigFile(file)).toThrow(
    expect.objectContaining({
      code: "config_unreadable",
      message: expect.stringMatching(new RegExp(`^cannot read ${file}: .*`)),
    }),
  );
  expect(() => readConfigFile(file)).toThrow(reason);
});

test("reads no device and no large file, but reads a file that reports no size", async () => {
  expect(() => readTextFile("/dev/zero")).toThrow(expect.objectContaining({ code: "EINVAL" }));
  await truncate(file, 100 * 1024 * 1024);
  expect(() => readTextFile(file)).toThrow("it is larger than 1 MiB (104857600 bytes)");
  // It reports size 0, but has content.
  expect(readTextFile("/proc/self/status").text).toContain("Name:");
});
