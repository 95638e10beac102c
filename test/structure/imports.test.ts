import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");

/** What each layer may import. A file that lies in none of them is wrong. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "lib/rules": ["lib/rules"],
  "lib/adapters": ["lib/adapters", "lib/rules"],
  functions: ["functions", "lib/rules", "lib/adapters"],
  // What ships.
  "infra/api": ["infra/api", "functions", "lib/rules"],
  "infra/console": ["infra/console", "infra/api", "functions", "lib/rules"],
  "infra/host": [
    "infra/host",
    "infra/api",
    "infra/console",
    "infra/cli",
    "functions",
    "lib/rules",
    "lib/adapters",
  ],
  "infra/cli": ["infra/cli", "infra/api", "functions", "lib/rules", "lib/adapters"],
  "infra/penstock": ["infra/penstock", "infra/host", "infra/cli", "lib/rules"],
  "infra/deploy": ["infra/deploy", "infra/cli", "functions", "lib/rules", "lib/adapters"],
  // What does not.
  "infra/patches": ["infra/patches", "infra/cli"],
  "infra/supply": ["infra/supply", "infra/cli", "lib/rules", "lib/adapters"],
  "infra/stack": ["infra/stack", "infra/cli", "lib/rules", "lib/adapters"],
  "infra/demo": ["infra/demo", "infra/stack", "infra/cli", "functions", "lib/rules", "lib/adapters"],
  "infra/bench": ["infra/bench", "infra/stack", "infra/cli", "functions", "lib/rules", "lib/adapters"],
};

/** Rules are pure: these would give them a clock, randomness, a surrounding or a wire. */
const impure =
  /\b(Date\.now|new Date\(\)|Math\.random|process\.|setTimeout|setInterval|fetch\(|Bun\.)|from "(node:(?!buffer|crypto|util|zlib)|kafkajs|@elastic|etcd3|hono|pino|prom-client)/;

/** Arithmetic on addresses, from the module of the wires. */
const pure = 'import { BlockList, isIP } from "node:net";';

/** More than that nobody takes in at a glance. */
const ROOM = 11;

interface Import {
  readonly from: string;
  readonly to: string;
}

function layerOf(path: string): string | undefined {
  return Object.keys(mayImport).find((folder) => path.startsWith(`${folder}/`));
}

async function sources(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of new Glob("{lib,functions,infra}/**/*.{ts,tsx}").scanSync(root)) {
    files.set(path, await Bun.file(join(root, path)).text());
  }
  return files;
}

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, specifier]) => ({
    from: path,
    to: relative(root, join(root, dirname(path), specifier ?? "")),
  }));
}

/** @returns one circle, its first member again at the end; null: there is none */
function circleIn(graph: ReadonlyMap<string, Iterable<string>>): readonly string[] | null {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (node: string): readonly string[] | null => {
    if (way.includes(node)) return [...way.slice(way.indexOf(node)), node];
    if (done.has(node)) return null;
    way.push(node);
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next);
      if (circle !== null) return circle;
    }
    way.pop();
    done.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const circle = visit(node);
    if (circle !== null) return circle;
  }
  return null;
}

const filesOf = (files: ReadonlyMap<string, string>): Map<string, string[]> =>
  new Map([...files].map(([path, text]) => [path, importsOf(path, text).map(({ to }) => to)]));

/** A folder is a room, and so is each handler with the parts in its folder. */
const roomOf = (path: string): string =>
  dirname(path) === "functions" ? path.replace(/\.ts$/, "") : dirname(path);

function roomsOf(files: ReadonlyMap<string, string>): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>();
  for (const [path, imported] of filesOf(files)) {
    const room = roomOf(path);
    const others = imported.map(roomOf).filter((other) => other !== room);
    rooms.set(room, new Set([...(rooms.get(room) ?? []), ...others]));
  }
  return rooms;
}

describe("the structure", () => {
  test("imports go one way: infra to functions to lib, adapters to rules, what ships never to what does not", async () => {
    const files = await sources();
    expect(files.size).toBeGreaterThan(50);
    const wrong = [...files]
      .flatMap(([path, text]) => importsOf(path, text))
      .filter(({ from, to }) => {
        const [layer, target] = [layerOf(from), layerOf(to)];
        return layer === undefined || target === undefined || !mayImport[layer]?.includes(target);
      })
      // Data of the package itself.
      .filter(({ to }) => to !== "package.json");
    expect(wrong).toEqual([]);
  });

  test("the check sees a wrong import", () => {
    const [found] = importsOf("lib/rules/a.ts", 'import { x } from "../adapters/b.ts";');
    expect(found).toEqual({ from: "lib/rules/a.ts", to: "lib/adapters/b.ts" });
    expect(mayImport["lib/rules"]).not.toContain(layerOf(found?.to ?? ""));
  });

  test("no circle of files, types included", async () => {
    expect(circleIn(filesOf(await sources()))?.join(" -> ") ?? "none").toBe("none");
  });

  test("the check sees a circle", () => {
    const files = new Map([
      ["lib/a.ts", 'import { b } from "./b.ts";'],
      ["lib/b.ts", 'import { d } from "./d.ts";\nimport {\n  c,\n  type C,\n} from "./c/c.ts";'],
      ["lib/c/c.ts", 'import type { B } from "../b.ts";'],
      ["lib/d.ts", ""],
    ]);
    expect(circleIn(filesOf(files))).toEqual(["lib/b.ts", "lib/c/c.ts", "lib/b.ts"]);
  });

  test("no circle of folders", async () => {
    expect(circleIn(roomsOf(await sources()))?.join(" -> ") ?? "none").toBe("none");
  });

  test("the check sees a circle of folders, where no file is in one", () => {
    const files = new Map([
      ["lib/a/one.ts", 'import { two } from "../b/two.ts";'],
      ["lib/a/three.ts", ""],
      ["lib/b/two.ts", 'import { three } from "../a/three.ts";'],
      ["functions/ask.ts", 'import { part } from "./ask/part.ts";'],
      ["functions/ask/part.ts", ""],
    ]);
    expect(circleIn(filesOf(files))).toBeNull();
    expect(circleIn(roomsOf(files))).toEqual(["lib/a", "lib/b", "lib/a"]);
  });

  test(`no folder holds more than ${ROOM} files; handlers stand side by side`, async () => {
    const counts = Map.groupBy((await sources()).keys(), (path) => dirname(path));
    counts.delete("functions");
    const crowded = [...counts].filter(([, files]) => files.length > ROOM).map(([folder]) => folder);
    expect(crowded).toEqual([]);
  });

  test("rules have no clock, no randomness and no I/O", async () => {
    const found = [...(await sources())]
      .filter(([path]) => path.startsWith("lib/rules/"))
      .flatMap(([path, text]) =>
        text
          .split("\n")
          .filter((line) => line !== pure && impure.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line))
          .map((line) => `${path}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });

  test("the console takes its hooks from the file that mends those of hono", async () => {
    const found = [...(await sources())].filter(([, text]) => text.includes('from "hono/jsx/dom"'));
    expect(found.map(([path]) => path).sort()).toEqual([
      "infra/console/app/hooks/hooks.ts",
      "infra/console/app/main.tsx",
    ]);
  });

  test("no file is longer than 300 lines", async () => {
    const long = [...(await sources())]
      .filter(([, text]) => text.split("\n").length > 301)
      .map(([path]) => path);
    expect(long).toEqual([]);
  });
});
