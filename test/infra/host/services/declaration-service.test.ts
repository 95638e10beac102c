import { describe, expect, test } from "bun:test";
import {
  createDeclarationService,
  type DeclarationServiceDeps,
} from "../../../../infra/host/services/declaration-service.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import type { EtcdKeyText } from "../../../../lib/rules/declarations/etcd-memory.ts";
import { declaration } from "../../../support/declarations.ts";
import { reconcileResult } from "../../../support/reconcile-result.ts";
import { rejection } from "../../../support/rejection.ts";
import { settings } from "../../../support/settings.ts";

const etcd = { endpoints: ["http://127.0.0.1:2379"], keys: ["exact"], auth: null, tls: null };
const addition = { action: "add", key: "exact", revision: 7, declaration: { topic: "app" } };

/** A desk over one key of a made-up etcd; null: etcd is not configured. */
function setUp(value: string | null, changes: Partial<DeclarationServiceDeps> = {}) {
  const held = { value: value ?? "[]", revision: 7, open: 0, signals: [] as AbortSignal[] };
  const previews: EtcdKeyText[] = [];
  const memory = {
    settings: settings({ etcd: value === null ? null : etcd }),
    declarations: [declaration("file")],
    failedProbes: [],
    stillness: null,
    etcd: null,
    seenMissing: new Set<string>(),
  };
  const desk = createDeclarationService({
    configPath: "config.yaml",
    random: () => 0,
    now: () => 0,
    memory: () => memory,
    configError: () => "line 3",
    topics: () => ["file"],
    excluded: () => [],
    readEtcd: (_settings, signal) => {
      held.signals.push(signal);
      const { value, revision } = held;
      const keys = [{ key: "exact", value, problem: null, modRevision: revision }];
      return Promise.resolve({ clusterId: "c1", revision, keys });
    },
    preview: (asIf) => {
      previews.push(asIf);
      return Promise.resolve(reconcileResult({ carriedOut: false }));
    },
    async withStore(_settings, use) {
      held.open += 1;
      try {
        return await use({
          read: (_key, signal) => {
            held.signals.push(signal);
            return Promise.resolve({ value: held.value, problem: null, modRevision: held.revision });
          },
          put: (_key, text) => {
            held.value = text;
            held.revision += 1;
            return Promise.resolve(held.revision);
          },
        });
      } finally {
        held.open -= 1;
      }
    },
    ...changes,
  });
  return { desk, held, previews };
}

describe("an edit", () => {
  test("is written, and its connection closed", async () => {
    const { desk, held, previews } = setUp("[]");
    expect(await desk.edit(addition, false)).toEqual({
      kind: "written",
      key: "exact",
      revision: 8,
      action: "added",
    });
    expect(held).toMatchObject({ value: '[\n  {"topic":"app"}\n]', open: 0 });
    expect(previews).toEqual([]);
  });

  test("that is dry is planned as if it had been made, and not written", async () => {
    const { desk, held, previews } = setUp('["x"]');
    const after = '["x", {"topic":"app"}]';
    expect(await desk.edit(addition, true)).toEqual({
      kind: "preview",
      edit: { kind: "planned", key: "exact", revision: 7, action: "added", before: '["x"]', after },
      result: reconcileResult({ carriedOut: false }),
    });
    expect(previews).toEqual([{ key: "exact", text: after }]);
    expect(held).toMatchObject({ value: '["x"]', revision: 7, open: 0 });
  });

  test.each([true, false])("that cannot be made is neither planned nor written (dry: %p)", async (dry) => {
    const { desk, held, previews } = setUp("[]");
    expect(await desk.edit({ ...addition, revision: 6 }, dry)).toMatchObject({ kind: "lost", revision: 7 });
    const removal = { action: "remove", key: "exact", revision: 7, target: { topic: "a" } };
    expect(await desk.edit(removal, dry)).toMatchObject({ kind: "refused", about: "target" });
    expect(await desk.edit({ ...addition, key: "else" }, dry)).toMatchObject({ kind: "refused" });
    expect(await desk.edit({}, dry)).toMatchObject({ kind: "malformed" });
    expect(held).toMatchObject({ value: "[]", revision: 7, open: 0 });
    expect(previews).toEqual([]);
  });

  test("without etcd is told so", async () => {
    expect(await setUp(null).desk.edit(addition, false)).toEqual({ kind: "no etcd" });
  });

  test("that loses against others until its time is up says so", async () => {
    const { desk } = setUp("[]", {
      withStore: (_settings, use) =>
        use({
          read: () => Promise.resolve({ value: "[]", problem: null, modRevision: 7 }),
          put: () => Promise.reject(new PenstockError("etcd_conflict", "lost", { retryable: true })),
        }),
      deadlineMs: 20,
    });
    const edit = desk.edit({ action: "add", declaration: { topic: "app" } }, false);
    expect(await rejection(edit)).toMatchObject({ code: "deadline_exceeded", retryable: true });
  });
});

test.each([true, false])(
  "an edit while the host stops is put off, and etcd not blamed (dry: %p)",
  async (dry) => {
    const away = new PenstockError("etcd_unavailable", "etcd was given up", { retryable: true });
    const { desk } = setUp("[]", {
      withStore: () => {
        desk.stop();
        return Promise.reject(away);
      },
    });
    expect(await rejection(desk.edit(addition, dry))).toMatchObject({ code: "stopping", retryable: true });
    const { desk: stopped, held } = setUp("[]");
    stopped.stop();
    expect(await rejection(stopped.edit(addition, dry))).toMatchObject({ code: "stopping" });
    expect(held.revision).toBe(7);
  },
);

test("the listing is of what is in force and what etcd says now", async () => {
  const { desk } = setUp('["app"]');
  expect(await desk.list()).toMatchObject({
    config: { path: "config.yaml", ok: false, error: "line 3", entries: [{ target: { topic: "file" } }] },
    etcd: { ok: true, keys: [{ key: "exact", revision: 7, entries: [{ name: "app" }] }] },
  });
});

test("stopping gives up what is under way", async () => {
  const { desk, held } = setUp("[]");
  await desk.list();
  await desk.edit(addition, true);
  expect(held.signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  desk.stop();
  expect(held.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});
