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
