import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  admitNames,
  indexFields,
  indexLimit,
  indexPart,
  roomForFields,
  withoutLimits,
} from "../../../../lib/rules/model/index-fields.ts";
import { isIndexName } from "../../../../lib/rules/model/names.ts";
import { anyCharacter } from "../../../support/any-text.ts";

describe("the placeholders of fields", () => {
  test("are those other than topic and date", () => {
    expect(indexFields("{topic}-{a.b:7}-{yyyy.MM.dd}-{c}")).toEqual(["a.b", "c"]);
    expect(indexFields("logs-{yyyy.MM.dd}")).toEqual([]);
  });

  test("the highest bound counts, 100 without any", () => {
    expect(indexLimit("logs-{a}")).toBe(100);
    expect(indexLimit("logs-{a:7}-{b:9}-{c}")).toBe(9);
    expect(withoutLimits("logs-{a:7}-{b}-{yyyy.MM.dd}")).toBe("logs-{a}-{b}-{yyyy.MM.dd}");
  });

  test("share the bytes that a name leaves, and get at most 100", () => {
    expect(roomForFields("logs-{a}")).toBe(100);
    expect(roomForFields(`${"x".repeat(205)}{a}-{b}-{yyyy.MM.dd}`)).toBe(19);
  });
});

describe("the part of a name that a value gives", () => {
  test.each([
    ['"payments"', "payments"],
    ['"Pay Ments"', "pay_ments"],
    ['"a/b\\\\c*d?e\\"f<g>h|i,j#k:l"', "a_b_c_d_e_f_g_h_i_j_k_l"],
    ['"-._x"', "x"],
    ['"a.b-c_d"', "a.b-c_d"],
    ['"Zürich 支付"', "zürich_支付"],
    ['"\\ud800x\\u0000\\n"', "x__"],
    ["42", "42"],
    ["-1.50", "1.50"],
    ["12345678901234567890", "12345678901234567890"],
    ["true", "true"],
    ...['""', '" "', '"---"', "null", "{}", '["a"]', '{"a":1}'].map((raw): [string, string] => [
      raw,
      "other",
    ]),
  ])("%s becomes %s", (raw, part) => {
    expect(indexPart(raw, 100)).toBe(part);
  });

  test("of an absent value is other", () => {
    expect(indexPart(null, 100)).toBe("other");
  });

  test("is cut at whole characters", () => {
    expect(indexPart(JSON.stringify("x".repeat(200)), 100)).toBe("x".repeat(100));
    expect(indexPart(JSON.stringify("ü".repeat(20)), 15)).toBe("ü".repeat(7));
    expect(indexPart(JSON.stringify("a" + "😀".repeat(20)), 16)).toBe(`a${"_".repeat(15)}`);
  });

  test("is always valid in a name, and the same again", () => {
    const value = fc.oneof(fc.string({ unit: anyCharacter }), fc.string({ unit: "grapheme" }), fc.string());
    fc.assert(
      fc.property(value, fc.integer({ min: 16, max: 100 }), (text, room) => {
        const part = indexPart(JSON.stringify(text), room);
        expect(isIndexName(part)).toBe(true);
        expect(Buffer.byteLength(part)).toBeLessThanOrEqual(room);
        expect(indexPart(JSON.stringify(part), room)).toBe(part);
      }),
    );
  });
});

describe("the list of names in use", () => {
  const bound = { fallback: "other", limit: 2 };

  test("admits names until it is full, then the fallback", () => {
    expect(admitNames([], ["a"], bound)).toEqual({ names: ["a"], isFull: false });
    expect(admitNames(["a"], ["b", "c"], bound)).toEqual({ names: ["a", "b", "other"], isFull: true });
    expect(admitNames(["a", "b"], ["b"], bound)).toEqual({ names: ["a", "b"], isFull: true });
    expect(admitNames(["a"], ["other"], bound)).toEqual({ names: ["a", "other"], isFull: false });
    expect(admitNames(["a", "b", "c"], [], bound)).toEqual({ names: ["a", "b", "c"], isFull: true });
  });

  test("never takes an answer back, whoever asks in whatever order", () => {
    const names = fc.constantFrom("a", "b", "c", "d", "e", "other");
    fc.assert(
      fc.property(
        fc.array(fc.array(names, { maxLength: 3 })),
        fc.integer({ min: 1, max: 4 }),
        (asked, limit) => {
          let list: readonly string[] = [];
          const answers = new Map<string, string>();
          for (const wanted of asked) {
            const taken = admitNames(list, wanted, { fallback: "other", limit });
            list = taken.names;
            for (const name of wanted) {
              const answer = list.includes(name) ? name : "other";
              expect(list).toContain(answer);
              expect(answers.get(name) ?? answer).toBe(answer);
              answers.set(name, answer);
            }
            expect(list.filter((name) => name !== "other").length).toBeLessThanOrEqual(limit);
          }
        },
      ),
    );
  });
});
