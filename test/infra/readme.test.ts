import { expect, test } from "bun:test";
import { z } from "zod";
import { parseConfig } from "../../lib/rules/config/config.ts";
import { readTop } from "../support/markdown.ts";

const readme = readTop("README.md");
const blocks = [...readme.matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```$/gm)].map(([, language, text = ""]) => ({
  language,
  text,
}));

test("README fits a first visit", () => {
  expect(readme.split("\n").length).toBeLessThan(170);
});

test("every command it shows is a script of package.json", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readTop("package.json")));
  const shown = [...readme.matchAll(/\bbun(?:@[\d.]+)? run ([a-z:]+)/g)].map(([, name = ""]) => name);
  expect(shown).toContain("host");
  expect(shown.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("the config it shows is a config", () => {
  const config = blocks.find(({ language }) => language === "yaml");
  const { declarations } = parseConfig(config?.text ?? "", {
    file: "config.yaml",
    environment: {},
    readFile: () => "",
  });
  expect(declarations).toHaveLength(4);
});

test("its two commands run from a clean checkout, without Bun", () => {
  const lines = blocks.flatMap(({ language, text }) => (language === "sh" ? text.split("\n") : []));
  for (const name of ["demo", "test"]) {
    expect(lines.some((line) => line.startsWith(`npx --yes bun@1.4.5 run ${name} `))).toBe(true);
  }
});
