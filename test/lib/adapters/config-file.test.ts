import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfigFile, watchConfigFile } from "../../../lib/adapters/config-file.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-config-"));
  file = join(folder, "config.yaml");
  await writeFile(file, "one");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("readConfigFile", () => {
  test("text and a hash of the content", async () => {
    const first = readConfigFile(file);
    expect(first.text).toBe("one");
    expect(readConfigFile(file)).toEqual(first);
    await writeFile(file, "two");
    expect(readConfigFile(file).hash).not.toBe(first.hash);
  });

  test.each([
    ["absent", () => unlink(file), "ENOENT"],
    [
      "over 1 MiB",
      () => writeFile(file, "x".repeat(1024 * 1024 + 1)),
      "it is larger than 1 MiB (1048577 bytes)",
    ],
    ["not UTF-8", () => writeFile(file, Buffer.from([0xff])), "cannot read"],
    ["a folder", () => unlink(file).then(() => mkdir(file)), "it is not a regular file"],
  ])("%s is config_unreadable", async (_, prepare, reason) => {
    await prepare();
    expect(() => readConfigFile(file)).toThrow(
      expect.objectContaining({ code: "config_unreadable", message: expect.stringContaining(reason) }),
    );
    expect(() => readConfigFile(file)).toThrow(`cannot read ${file}`);
  });
});

/** Watches and hands out each change as it comes, or fails after `withinMs`. */
function watching(path: string) {
  const changes: (() => void)[] = [];
  let pending = 0;
  const watch = watchConfigFile(path, {
    pollMs: 150,
    onChange: () => {
      const waiter = changes.shift();
      if (waiter === undefined) pending++;
      else waiter();
    },
  });
  return {
    async change(withinMs: number): Promise<void> {
      if (pending > 0) {
        pending--;
        return;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const deadline = setTimeout(() => reject(new Error(`no change within ${withinMs} ms`)), withinMs);
      changes.push(resolve);
      await promise.finally(() => clearTimeout(deadline));
    },
    unseen: () => pending,
    [Symbol.dispose]: () => watch.stop(),
  };
}

/** Less than the polling interval: seen through the folder's watch. */
const soonMs = 1_500;
const polledMs = 4_500;

describe("watchConfigFile", () => {
  test("an in-place write", async () => {
    using watch = watching(file);
    await writeFile(file, "two");
    await watch.change(soonMs);
    await writeFile(file, "three");
    await watch.change(soonMs);
  });

  test("an atomic replacement, again and again", async () => {
    using watch = watching(file);
    for (const text of ["two", "three", "four"]) {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
      await watch.change(soonMs);
      expect(readConfigFile(file).text).toBe(text);
    }
  });

  test("Kubernetes' swap of ..data", async () => {
    const mount = join(folder, "mount");
    await mkdir(join(mount, "..1"), { recursive: true });
    await writeFile(join(mount, "..1", "config.yaml"), "one");
    await symlink("..1", join(mount, "..data"));
    await symlink("..data/config.yaml", join(mount, "config.yaml"));
    using watch = watching(join(mount, "config.yaml"));
    for (const version of ["..2", "..3"]) {
      await mkdir(join(mount, version));
      await writeFile(join(mount, version, "config.yaml"), version);
      await symlink(version, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
      await watch.change(soonMs);
      expect(readConfigFile(join(mount, "config.yaml")).text).toBe(version);
    }
  });

  test("deletion and return", async () => {
    using watch = watching(file);
    await unlink(file);
    await watch.change(soonMs);
    await writeFile(file, "one");
    await watch.change(soonMs);
  });

  test("a folder that is removed and made again is watched again", async () => {
    const sub = join(folder, "sub");
    const inside = join(sub, "config.yaml");
    await mkdir(sub);
    await writeFile(inside, "one");
    using watch = watching(inside);
    await rm(sub, { recursive: true });
    await watch.change(polledMs);
    await mkdir(sub);
    await writeFile(inside, "two");
    await watch.change(polledMs);
  }, 10_000);

  test("what the folder does not tell is found by polling", async () => {
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, "real.yaml"), "one");
    await mkdir(join(folder, "links"));
    await symlink(join(elsewhere, "real.yaml"), join(folder, "links", "config.yaml"));
    using watch = watching(join(folder, "links", "config.yaml"));
    await writeFile(join(elsewhere, "real.yaml"), "two");
    await watch.change(polledMs);
  }, 10_000);

  test("the same content and other files are no change", async () => {
    using watch = watching(file);
    await writeFile(file, "one");
    await writeFile(join(folder, "other"), "x");
    await writeFile(file, "two");
    await watch.change(soonMs);
    expect(watch.unseen()).toBe(0);
  });

  test("nothing after stop, by hand or by signal", async () => {
    const calls: string[] = [];
    const controller = new AbortController();
    watchConfigFile(file, { onChange: () => calls.push("aborted"), signal: controller.signal });
    const stopped = watchConfigFile(file, { onChange: () => calls.push("stopped") });
    using watch = watching(file);
    controller.abort();
    stopped.stop();
    await writeFile(file, "two");
    await watch.change(soonMs);
    expect(calls).toEqual([]);
  });
});
