import { describe, expect, test } from "bun:test";
import type { DeclarationsRequest } from "../../lib/rules/declarations/edit-request.ts";
import { planEdit, writeEdit, type EditDeps } from "../../functions/edit-declarations.ts";
import type { DeclarationsEdit } from "../../lib/rules/declarations/edit.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { rejection } from "../support/rejection.ts";

const add: DeclarationsEdit = { kind: "add", target: { kind: "topic", topic: "a" }, entry: { topic: "a" } };
const removal: DeclarationsEdit = { kind: "remove", target: { kind: "topic", topic: "a" } };

/** One key of etcd. `races` other writers win before one of our writes succeeds. */
function world(value: string | null, { races = 0, problem = null as string | null } = {}) {
  const held = { value, revision: value === null && problem === null ? 0 : 7 };
  const waits: number[] = [];
  let left = races;
  const deps: EditDeps = {
    random: () => 0.5,
    signal: new AbortController().signal,
    wait: async (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    store: {
      read: async () => Promise.resolve({ value: held.value, problem, modRevision: held.revision }),
      async put(_key, text, expected) {
        if (left > 0) {
          left -= 1;
          held.value = `["other-${left}"]`;
          held.revision += 1;
        }
        if (expected !== held.revision) {
          throw new PenstockError("etcd_conflict", "somebody else", { retryable: true });
        }
        held.value = text;
        held.revision += 1;
        return Promise.resolve(held.revision);
      },
    },
  };
  const input = (edit: DeclarationsEdit, revision: number | null): DeclarationsRequest => ({
    key: "k",
    edit,
    revision,
  });
  return { held, waits, deps, input };
}

describe("planning", () => {
  test("returns the key's new value, and writes nothing", async () => {
    const { held, deps, input } = world('["x"]');
    expect(await planEdit(input(add, 7), deps)).toEqual({
      kind: "planned",
      key: "k",
      revision: 7,
      action: "added",
      before: '["x"]',
      after: '["x", {"topic":"a"}]',
    });
    expect(held).toEqual({ value: '["x"]', revision: 7 });
  });

  test("starts at revision 0 for an absent key; changes nothing if the entry exists already", async () => {
    const absent = world(null);
    expect(await planEdit(absent.input(add, 0), absent.deps)).toMatchObject({ revision: 0, before: null });
    const there = world('[{"topic": "a"}]');
    const text = '[{"topic": "a"}]';
    expect(await planEdit(there.input(add, null), there.deps)).toMatchObject({
      action: "unchanged",
      before: text,
      after: text,
    });
  });

  test.each<[string, string | null, string | null, DeclarationsEdit, string, string]>([
    ["a value that is not a list", "{}", null, add, "key", "its value is not a JSON array"],
    ["a value that is not text", null, "the value is not valid UTF-8", add, "key", "not valid UTF-8"],
    ["a target that is not declared", '["x"]', null, removal, "target", 'it does not declare "a"'],
    ["a list too long", `["x"${',"x"'.repeat(9_999)}]`, null, add, "key", "more than 10000 entries"],
  ])("refuses %s, naming the key", async (_, value, problem, edit, about, reason) => {
    const { deps, input } = world(value, { problem });
    expect(await planEdit(input(edit, null), deps)).toEqual({
      kind: "refused",
      about: about as never,
      reason: expect.stringMatching(new RegExp(`^etcd key "k" was not changed: .*${reason}`)) as never,
    });
  });
});

describe("writing", () => {
  test("writes the planned value", async () => {
    const { held, deps, input } = world('["x"]');
    expect(await writeEdit(input(add, 7), deps)).toEqual({
      kind: "written",
      key: "k",
      revision: 8,
      action: "added",
    });
    expect(held.value).toBe('["x", {"topic":"a"}]');
    expect(await writeEdit(input(add, 8), deps)).toMatchObject({ revision: 8, action: "unchanged" });
  });

  test("with an outdated revision is lost, returns the current value, and writes nothing", async () => {
    const { held, deps, input } = world('["x"]');
    const lost = { kind: "lost", key: "k", revision: 7, text: '["x"]' } as const;
    expect(await writeEdit(input(add, 6), deps)).toEqual(lost);
    expect(await planEdit(input(add, 6), deps)).toEqual(lost);
    expect(held).toEqual({ value: '["x"]', revision: 7 });
  });

  test("is lost to a writer between reading and writing", async () => {
    const { deps, input } = world('["x"]', { races: 1 });
    expect(await writeEdit(input(add, 7), deps)).toEqual({
      kind: "lost",
      key: "k",
      revision: 8,
      text: '["other-0"]',
    });
  });

  test("without a revision is tried again on the new value", async () => {
    const { held, waits, deps, input } = world('["x"]', { races: 3 });
    expect(await writeEdit(input(add, null), deps)).toMatchObject({ kind: "written", action: "added" });
    expect(held.value).toBe('["other-0", {"topic":"a"}]');
    expect(waits).toHaveLength(3);
  });

  test("gives up after 50 lost races", async () => {
    const { waits, deps, input } = world('["x"]', { races: 1_000 });
    expect(await rejection(writeEdit(input(add, null), deps))).toMatchObject({ code: "etcd_conflict" });
    expect(waits).toHaveLength(49);
  });

  test("reports etcd's refusal", async () => {
    const { deps, input } = world('["x"]');
    const refusal = new PenstockError("etcd_refused", "permission denied");
    const store = { ...deps.store, put: () => Promise.reject(refusal) };
    expect(await rejection(writeEdit(input(add, 7), { ...deps, store }))).toBe(refusal);
  });
});
