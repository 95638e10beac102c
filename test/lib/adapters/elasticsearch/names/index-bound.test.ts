import { describe, expect, test } from "bun:test";
import { IndexBound } from "../../../../../lib/adapters/elasticsearch/names/index-bound.ts";
import type { NamesWanted } from "../../../../../lib/adapters/elasticsearch/names/taken-names.ts";
import { admitNames, type TakenNames } from "../../../../../lib/rules/model/index-fields.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { specification } from "../../../../support/records.ts";

const { signal } = new AbortController();
const wanted = (part: string, day = "") => ({ name: `logs-${part}`, fallback: "logs-other", day });

function world(index = "logs-{a:2}") {
  const lists = new Map<string, readonly string[]>();
  const asked: NamesWanted[] = [];
  const logger = createMemoryLogger();
  let fault: Error | null = null;
  const sent = {
    async takeNames(question: NamesWanted): Promise<TakenNames> {
      asked.push(question);
      await Promise.resolve();
      if (fault !== null) throw fault;
      const taken = admitNames(lists.get(question.day) ?? [], question.names, question);
      lists.set(question.day, taken.names);
      return taken;
    },
  };
  const host = () => new IndexBound(specification({ index }), { sent, logger });
  return { host, asked, logger, lists, fail: (error: Error | null) => void (fault = error) };
}

async function chosen(bound: IndexBound, ...parts: string[]): Promise<string[]> {
  for (let again = false; ; again = true) {
    const names = parts.map((part) => bound.choose(wanted(part)));
    if (!bound.isOpen) return names;
    await bound.decide(signal, again);
  }
}

describe("the indices that fields choose", () => {
  test("are asked for once, and the answers are remembered", async () => {
    const { host, asked } = world();
    const bound = host();
    expect(await chosen(bound, "a", "b", "c", "a")).toEqual(["logs-a", "logs-b", "logs-other", "logs-a"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ template: "logs-{a}", day: "", limit: 2, fallback: "logs-other" });
    expect(await chosen(bound, "d", "b")).toEqual(["logs-other", "logs-b"]);
    expect(asked).toHaveLength(1);
  });

  test("are the same on every host, also on one that comes later", async () => {
    const { host } = world();
    const [one, other] = [host(), host()];
    const [first, second] = await Promise.all([chosen(one, "a", "b", "c"), chosen(other, "c", "d", "a")]);
    const all = new Map([
      ...["a", "b", "c"].map((part, at) => [part, first[at]] as const),
      ...["d", "a", "c"].map((part, at) => [part, [second[1], second[2], second[0]][at]] as const),
    ]);
    expect(await chosen(host(), ...all.keys())).toEqual([...all.values()].map(String));
    expect(first[0]).toBe(String(second[2]));
    expect(first[2]).toBe(String(second[0]));
  });

  test("several attempts that meet the same new name ask one after the other, and once", async () => {
    const { host, asked } = world();
    const bound = host();
    await Promise.all([chosen(bound, "a"), chosen(bound, "a"), chosen(bound, "a")]);
    expect(asked).toHaveLength(1);
  });

  test("each day has a list of its own", async () => {
    const { host, lists } = world("logs-{a:1}-{yyyy.MM.dd}");
    const bound = host();
    for (const day of ["2026-11-29", "2026-11-30"]) bound.choose(wanted(day.slice(-2), day));
    await bound.decide(signal, false);
    expect(lists).toEqual(
      new Map([
        ["2026-11-29", ["logs-29"]],
        ["2026-11-30", ["logs-30"]],
      ]),
    );
  });

  test("without an answer nothing is decided, and the next attempt asks again", async () => {
    const { host, fail } = world();
    const bound = host();
    fail(new Error("away"));
    expect(chosen(bound, "a")).rejects.toThrow("away");
    await Promise.resolve();
    fail(null);
    expect(await chosen(bound, "a")).toEqual(["logs-a"]);
  });

  test("a look decides nothing", async () => {
    const { host, lists } = world();
    await chosen(host(), "a");
    const bound = host();
    expect(["a", "b"].map((part) => bound.choose(wanted(part)))).toEqual(["logs-other", "logs-other"]);
    await bound.look(signal);
    expect(["a", "b"].map((part) => bound.isTaken(`logs-${part}`))).toEqual([true, false]);
    expect(bound.choose(wanted("a"))).toBe("logs-a");
    expect(lists.get("")).toEqual(["logs-a"]);
  });

  test("records without a usable value are told once", async () => {
    const { host, logger } = world();
    const bound = host();
    await chosen(bound, "a", "other");
    await chosen(bound, "other");
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { topic: "app", fields: "a", index: "logs-other" },
    ]);
  });

  test("a full list is told once", async () => {
    const { host, logger } = world();
    const bound = host();
    await chosen(bound, "a", "b", "c");
    await chosen(bound, "d");
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { topic: "app", indices: 2, index: "logs-other" },
    ]);
  });
});
