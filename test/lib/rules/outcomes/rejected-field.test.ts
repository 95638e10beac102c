import { expect, test } from "bun:test";
import { isAboutLevel, rejectedField } from "../../../../lib/rules/outcomes/rejected-field.ts";

test.each([
  [
    "[1:6] failed to parse field [user.id] of type [long] in document with id 'a:0:1:x'. Preview of field's value: 'one'",
    "user.id",
  ],
  [
    "[1:20] object mapping for [user] tried to parse field [user] as object, but found a concrete value",
    "user",
  ],
  [
    "[1:7] object mapping for [user] tried to parse field [null] as object, but found a concrete value",
    "user",
  ],
  [
    "[1:6] failed to parse: [1:11] Duplicate field 'user.id'\n at [Source: (byte[])\"{}\"; line: 1, column: 11]",
    "user.id",
  ],
  ["Field name [user.i] is longer than the limit of [4] characters", "user.i"],
  [
    "Inconsistency of field data structures across documents for field [_primary_term] of doc [0].",
    "_primary_term",
  ],
  ["mapper [user.id] cannot be changed from type [long] to [text]", "user.id"],
  ["object mapping [user] can't be changed from nested to non-nested", "user"],
  ["can't merge a non object mapping [user.name] with an object mapping", "user.name"],
  ["[1:9] mapping set to strict, dynamic introduction of [extra] within [_doc] is not allowed", "extra"],
  ["[1:9] mapping set to strict, dynamic introduction of [extra] within [user] is not allowed", "user.extra"],
  [
    'Document contains at least one immense term in field="message" (whose UTF8 encoding is longer',
    "message",
  ],
  ["Limit of total fields [1000] has been exceeded while adding new fields [1]", null],
  ["the timestamp -5 is not within 0…253402300799999 milliseconds", null],
  ["", null],
])("%s", (reason, field) => {
  expect(rejectedField(reason)).toBe(field);
});

test.each([
  ["[1:9] mapping set to strict, dynamic introduction of [level] within [log] is not allowed", true],
  ["[1:9] mapping set to strict, dynamic introduction of [log] within [_doc] is not allowed", true],
  ["[1:9] failed to parse: Limit of total fields [1000] has been exceeded while adding new fields [1]", true],
  ["[1:9] failed to parse field [message] of type [long] in document with id 'x'", false],
  ["[1:9] mapping set to strict, dynamic introduction of [headers] within [kafka] is not allowed", false],
])("whether a text may be accepted without its level: %s", (reason, wanted) => {
  expect(isAboutLevel(reason)).toBe(wanted);
});
