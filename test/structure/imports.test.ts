import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");

/** What each layer may import of the others. The longest matching folder counts. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "lib/rules": ["lib/rules"],
  "lib/adapters": ["lib/adapters", "lib/rules"],
  functions: ["functions", "lib/rules", "lib/adapters"],
  infra: ["infra", "functions", "lib/rules", "lib/adapters"],
};

/** Rules are pure: these would give them a clock, randomness, a surrounding or a wire. */
const impure =
  /\b(Date\.now|new Date\(\)|Math\.random|process\.|setTimeout|setInterval|fetch\(|Bun\.)|from "(node:(?!buffer|crypto|util|zlib)|kafkajs|@elastic|etcd3|hono|pino|prom-client)/;

/** Arithmetic on addresses, from the module of the wires. */
const pure = 'import { BlockList, isIP } from "node:net";';

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

/** @returns the files of one circle, the first again at the end; null: there is none */
function circleIn(files: ReadonlyMap<string, string>): readonly string[] | null {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    way.push(path);
    for (const { to } of importsOf(path, files.get(path) ?? "")) {
      const circle = visit(to);
      if (circle !== null) return circle;
    }
    way.pop();
    done.add(path);
    return null;
  };
  for (const path of files.keys()) {
    const circle = visit(path);
    if (circle !== null) return circle;
  }
  return null;
}

describe("the structure", () => {
  test("imports go one way: infra to functions to lib, adapters to rules", async () => {
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
    expect(circleIn(await sources())?.join(" -> ") ?? "none").toBe("none");
  });

  test("the check sees a circle", () => {
    const files = new Map([
      ["lib/a.ts", 'import { b } from "./b.ts";'],
      ["lib/b.ts", 'import { d } from "./d.ts";\nimport {\n  c,\n  type C,\n} from "./c/c.ts";'],
      ["lib/c/c.ts", 'import type { B } from "../b.ts";'],
      ["lib/d.ts", ""],
    ]);
    expect(circleIn(files)).toEqual(["lib/b.ts", "lib/c/c.ts", "lib/b.ts"]);
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

  test("no file is longer than 300 lines", async () => {
    const long = [...(await sources())]
      .filter(([, text]) => text.split("\n").length > 301)
      .map(([path]) => path);
    expect(long).toEqual([]);
  });
});
