import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type CorpusRecord, corpusFolder, corpusRecords } from "../../../infra/bench/load/material.ts";
import { scenesAlone, scenesMixed } from "../../../infra/bench/corpus/scenes.ts";
import { pickWords } from "../../../infra/bench/corpus/words.ts";
import { recordsOf } from "../../corpus/make/kit.ts";
import { oddShapes } from "../../corpus/make/shapes/odd.ts";

const records = await corpusRecords();

describe("the corpus", () => {
  test("has enough records of loggers and of services, and stays small", async () => {
    const sources = new Set(records.map(({ source }) => source));
    expect(sources.size).toBeGreaterThanOrEqual(60);
    expect([...sources].filter(({ origin }) => origin === "logger").length).toBeGreaterThanOrEqual(25);
    expect(records.length).toBeGreaterThanOrEqual(3_000);
    const folder = join(corpusFolder, "sources");
    const bytes = (await readdir(folder)).reduce((sum, name) => sum + Bun.file(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(3_000_000);
  });

  test("knows the time of every record whose source declares one", () => {
    const unknown = records.filter(({ source, timeMs }) => source.timestamp.length > 0 !== (timeMs !== null));
    expect(unknown.map(({ source, n }) => `${source.name} ${n}`)).toEqual([]);
    const times = records.flatMap(({ timeMs }) => timeMs ?? []);
    expect(Math.min(...times)).toBeGreaterThan(Date.UTC(2026, 10, 1));
    expect(Math.max(...times)).toBeLessThan(Date.UTC(2026, 11, 31));
  });

  test("is read byte for byte as its generators wrote it", () => {
    for (const shape of oddShapes) {
      const read = records
        .filter(({ source }) => source.name === shape.name)
        .map(({ value }) => value.toString("hex"));
      expect(read).toEqual(recordsOf(shape).map(({ value }) => value.toString("hex")));
    }
  });

  test("has each source alone, and four mixed topics in three orders each", () => {
    const alone = scenesAlone(records);
    expect(alone.reduce((sum, scene) => sum + scene.records.length, 0)).toBe(records.length);
    const mixed = scenesMixed(records, 1);
    expect(mixed.map(({ name }) => name)).toHaveLength(12);
    const sourcesOf = (mix: string): number =>
      new Set(mixed.find(({ name }) => name.startsWith(mix))?.records.map(({ source }) => source)).size;
    expect([sourcesOf("15"), sourcesOf("41"), sourcesOf("20"), sourcesOf("container")]).toEqual([
      15, 41, 20, 7,
    ]);
    const [first, second, third] = mixed.map((scene) =>
      scene.records.map(({ source, n }) => `${source.name} ${n}`),
    );
    expect(second).not.toEqual(first ?? []);
    expect(third).not.toEqual(first ?? []);
    expect(third?.toSorted()).toEqual(first?.toSorted() ?? []);
  });
});

const recordOf = (format: "text" | "json", text: string, line: string | null = null): CorpusRecord => ({
  source: { name: "made", format, timestamp: [], text: line, groups: [], origin: "shape" },
  n: 0,
  value: Buffer.from(text),
  timeMs: null,
});

describe("words to look for", () => {
  test("are determined by the seed", () => {
    const all = (seed: number) => records.slice(0, 500).map((record) => pickWords(record, seed));
    expect(all(1)).toEqual(all(1));
    expect(all(1)).not.toEqual(all(2));
  });

  test("are separated by everything but letters and digits, including colour codes", () => {
    const words = new Set<string>();
    const record = recordOf(
      "text",
      "WARNING:root:disk NameSystem.addStoredBlock a_b user_login \u001b[35mpayment\u001b[0m",
    );
    for (let seed = 0; seed < 200; seed += 1) {
      for (const { word, place } of pickWords(record, seed)) {
        expect(place).toBe("text");
        words.add(word.toLowerCase());
      }
    }
    expect([...words].toSorted()).toEqual([
      "addstoredblock",
      "disk",
      "login",
      "namesystem",
      "payment",
      "root",
      "user",
      "warning",
    ]);
  });

  test("come from a JSON record's line, its other strings and the far end of a string; never from names", () => {
    const far = `${"x ".repeat(600)}needle`;
    const value = JSON.stringify({
      namesake: { detail: far },
      message: "database",
      count: 1,
      log: '{"inner":"within"}',
    });
    const found = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      for (const { word, place } of pickWords(recordOf("json", value, "message"), seed)) {
        found.add(`${place} ${word.toLowerCase()}`);
      }
    }
    expect([...found].toSorted()).toEqual(["elsewhere needle", "elsewhere within", "message database"]);
  });

  test("are some consecutive characters in Chinese", () => {
    for (const { word } of pickWords(recordOf("text", "2026-11-28 支付服务超时，订单已取消"), 3)) {
      expect(word).toMatch(/^\p{Script=Han}{2,4}$/u);
    }
  });
});
