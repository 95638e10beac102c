import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileWatch, type WatchOptions } from "../../../../lib/adapters/system/file-watch.ts";
import { readTextFile } from "../../../../lib/adapters/system/text-file.ts";
import { eventually } from "../../../support/eventually.ts";

function watchFile(path: string, options: WatchOptions) {
  const watch = createFileWatch(options);
  watch.watch([path]);
  return watch;
}

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-config-"));
  file = join(folder, "config.yaml");
  await writeFile(file, "one");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Watches and returns each change as it arrives, or fails after `withinMs`. */
function watching(path: string) {
  const changes: (() => void)[] = [];
  let pending = 0;
  const watch = watchFile(path, {
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

/** Shorter than the polling interval, so that only the folder's watch can have seen it. */
const soonMs = 1_500;
const polledMs = 4_500;

describe("a watched file:", () => {
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
      expect(readTextFile(file).text).toBe(text);
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
      expect(readTextFile(join(mount, "config.yaml")).text).toBe(version);
    }
  });

  test("deletion and recreation", async () => {
    using watch = watching(file);
    await unlink(file);
    await watch.change(soonMs);
    await writeFile(file, "one");
    await watch.change(soonMs);
  });

  test("a folder that is removed and recreated is watched again", async () => {
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
  }, 40_000);

  test("changes without folder events are found by polling", async () => {
    const elsewhere = join(folder, "elsewhere");
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, "real.yaml"), "one");
    await mkdir(join(folder, "links"));
    await symlink(join(elsewhere, "real.yaml"), join(folder, "links", "config.yaml"));
    using watch = watching(join(folder, "links", "config.yaml"));
    await writeFile(join(elsewhere, "real.yaml"), "two");
    await watch.change(polledMs);
  }, 40_000);

  test("the same content or other files are no change", async () => {
    using watch = watching(file);
    await writeFile(file, "one");
    await writeFile(join(folder, "other"), "x");
    await writeFile(file, "two");
    await watch.change(soonMs);
    expect(watch.unseen()).toBe(0);
  });

  test("nothing after stop, by call or by signal", async () => {
    const calls: string[] = [];
    const controller = new AbortController();
    watchFile(file, { onChange: () => calls.push("aborted"), signal: controller.signal });
    const stopped = watchFile(file, { onChange: () => calls.push("stopped") });
    using watch = watching(file);
    controller.abort();
    stopped.stop();
    await writeFile(file, "two");
    await watch.change(soonMs);
    expect(calls).toEqual([]);
  });
});

/** The number of folders this process watches, according to the kernel. */
function inotifyWatches(): number {
  return readdirSync("/proc/self/fdinfo")
    .map((fd) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^inotify wd:/gm)?.length ?? 0;
      } catch {
        // Already closed: the descriptor of the listing itself.
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);
}

describe("several files:", () => {
  const inFolder = async (name: string): Promise<string> => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "secret"), "one");
    return join(folder, name, "secret");
  };

  test("each change is reported with its file, until the file is no longer watched", async () => {
    const [a, b] = [await inFolder("a"), await inFolder("b")];
    const told: (readonly string[])[] = [];
    const watch = createFileWatch({ pollMs: 150, onChange: (paths) => void told.push(paths) });
    watch.watch([file, a, b]);
    await writeFile(a, "two");
    await eventually("a is told", () => told.length === 1);
    watch.watch([file, b]);
    await writeFile(a, "three");
    await writeFile(b, "two");
    await eventually("b is told", () => told.length === 2);
    watch.watch([file]);
    await writeFile(b, "three");
    await writeFile(file, "two");
    await eventually("the first is told", () => told.length === 3);
    watch.stop();
    expect(told).toEqual([[a], [b], [file]]);
  });

  test("a change between two calls that both name the file is not missed", async () => {
    const told: (readonly string[])[] = [];
    const watch = createFileWatch({ onChange: (paths) => void told.push(paths) });
    watch.watch([file]);
    await writeFile(file, "two");
    watch.watch([file]);
    await eventually("it is told", () => told.length === 1);
    watch.stop();
  });

  test("1,000 reloads with files in different folders leave no watch behind", async () => {
    const files = await Promise.all(["a", "b", "c"].map(inFolder));
    const before = inotifyWatches();
    const watch = createFileWatch({ onChange: () => {} });
    for (let reload = 0; reload < 1_000; reload += 1) watch.watch([file, files[reload % 3] ?? file]);
    expect(inotifyWatches()).toBe(before + 2);
    watch.watch([file]);
    expect(inotifyWatches()).toBe(before + 1);
    watch.stop();
    expect(inotifyWatches()).toBe(before);
  });
});
