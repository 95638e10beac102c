import { expect, test } from "bun:test";
import { sourceViews } from "../../../../infra/host/live/source-views.ts";
import type { EtcdSettings } from "../../../../lib/rules/model/settings.ts";

const etcd = { keys: ["/one", "/two"] } as unknown as EtcdSettings;
const lastSuccess = (source: string): number => (source === "config" ? 1_000 : 2_000);

test("before the first run no source was read, which is no failure", () => {
  expect(sourceViews("c.yaml", etcd, null, () => null)).toEqual([
    {
      kind: "config",
      name: "c.yaml",
      ok: null,
      error: null,
      declarations: 0,
      lastSuccess: null,
      revision: null,
    },
    {
      kind: "etcd",
      name: "/one, /two",
      ok: null,
      error: null,
      declarations: 0,
      lastSuccess: null,
      revision: null,
    },
  ]);
});

test("then each says how it was read, and when it last was well", () => {
  const sources = {
    config: { ok: false, error: "no such file", declarations: 3 },
    etcd: { ok: true, error: null, declarations: 2, revision: 7 },
  };
  expect(sourceViews("c.yaml", etcd, { sources }, lastSuccess)).toEqual([
    { kind: "config", name: "c.yaml", ...sources.config, lastSuccess: 1_000, revision: null },
    { kind: "etcd", name: "/one, /two", ...sources.etcd, lastSuccess: 2_000 },
  ]);
  expect(sourceViews("c.yaml", null, { sources }, lastSuccess)).toHaveLength(1);
});
