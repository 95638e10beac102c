import { describe, expect, test } from "bun:test";
import { withoutStores } from "../support/failure-stores.ts";
import { diagnose, type DiagnoseDeps, type DiagnoseInput } from "../../functions/diagnose.ts";
import type { Check } from "../../lib/rules/diagnosis/check.ts";
import { parseEtcdValue } from "../../lib/rules/declarations/etcd-value.ts";
import { absentHoldings, type Holdings } from "../../lib/rules/progress/holdings.ts";
import { holdText } from "../../lib/rules/progress/hold.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { rejection } from "../support/rejection.ts";
import { settings } from "../support/settings.ts";

const declarations = parseEtcdValue(
  JSON.stringify(["app", { topic: "web", index: "logs-{yyyy.MM.dd}", pipeline: "p" }]),
  { name: "k", revision: 1 },
  [],
  "penstock.dead-letters",
).declarations;
const input: DiagnoseInput = {
  file: "config.yaml",
  settings: settings(),
  declarations,
  notices: [],
  fileMode: null,
};

/** Servers without problems. */
function well(changes: Partial<DiagnoseDeps> = {}): DiagnoseDeps {
  const config = { retentionMs: -1, retentionBytes: -1, maxMessageBytes: 1, cleanupPolicy: "delete" };
  return {
    kafka: {
      reach: async (address) => [address],
      topics: async () =>
        new Map([
          ["app", 1],
          ["web", 1],
        ]),
      configs: async (topics) => new Map(topics.map((topic) => [topic, config])),
      group: async () => ({ state: "Empty", protocolType: "", clientIds: [] }),
      creationRefusal: async () => null,
      readOne: async () => true,
      oldestUnread: async () => null,
    },
    elasticsearch: {
      reach: async () => {},
      cluster: async () => ({ status: "green", red: [], readOnly: false, autoCreateIndex: "true" }),
      disks: async () => [],
      clock: async () => 86_400_000,
      targets: async (names) =>
        new Map(names.map((name) => [name, { kind: "absent" as const, indices: [] }])),
      holdings: async (indices) => new Map(indices.map((index) => [index, absentHoldings()])),
      privileges: async () => ({ security: "off" }),
      refusedTargets: async () => new Map(),
      templates: async () => [],
      pipelines: async () => new Set(["p"]),
      failureStores: withoutStores,
      ignoredFields: () => ({
        search: async () => JSON.stringify({ _shards: { failed: 0 } }),
        fieldTypes: async () => () => null,
      }),
    },
    readHolds: async () => [],
    examinePort: async () => ({ kind: "free" }),
    readEtcd: async () => ({ clusterId: "1", revision: 1, keys: [] }),
    now: () => 86_400_000,
    signal: new AbortController().signal,
    deadline: () => new AbortController().signal,
    ...changes,
  };
}

const find = (checks: readonly Check[], name: string) => checks.find((check) => check.name.startsWith(name));

describe("a diagnosis", () => {
  test("of the history warns at most: records are moved without it", async () => {
    const history = { topic: "penstock.history", keepMs: 86_400_000 };
    const look = async (changes: Partial<DiagnoseDeps["kafka"]>) => {
      const kafka = { ...well().kafka, ...changes };
      const checks = await diagnose({ ...input, settings: settings({ history }) }, well({ kafka }));
      const { state, seen } = find(checks, "history topic") ?? {};
      return [state, seen];
    };
    const there = { topics: async () => new Map([["penstock.history", 2]]) };
    expect(await look({})).toEqual(["ok", "does not exist yet; the first host creates it"]);
    expect(await look({ creationRefusal: async () => "not allowed" })).toEqual([
      "warning",
      "it does not exist and cannot be created: not allowed",
    ]);
    expect(await look(there)).toEqual(["ok", "it exists (writing was not tried)"]);
    const compacted = { retentionMs: -1, retentionBytes: -1, maxMessageBytes: 1, cleanupPolicy: "compact" };
    expect(
      await look({ ...there, configs: async (all) => new Map(all.map((one) => [one, compacted])) }),
    ).toMatchObject(["warning", expect.stringContaining("cleanup.policy is compact")]);
    expect(find(await diagnose(input, well()), "history topic")).toBeUndefined();
  });

  test("without problems reports none", async () => {
    const checks = await diagnose(input, well());
    expect(checks.filter(({ state }) => state !== "ok").map(({ name }) => name)).toEqual(["etcd"]);
    expect(find(checks, "reading")?.seen).toBe("read a record of app, web");
    expect(find(checks, "target logs-1970.01.02")?.state).toBe("ok");
  });

  test("of a red cluster fails if a topic writes to the index that misses a shard, behind an alias or on any day", async () => {
    const look = async (...red: string[]) => {
      const behind = { name: "app-000001", blocks: [], closed: false, isWriteIndex: true };
      const elasticsearch: DiagnoseDeps["elasticsearch"] = {
        ...well().elasticsearch,
        cluster: async () => ({ status: "red", red, readOnly: false, autoCreateIndex: "true" }),
        targets: async () => new Map([["app", { kind: "alias", indices: [behind] }]]),
      };
      return find(await diagnose(input, well({ elasticsearch })), "health")?.state;
    };
    expect(await look("theirs", "app-000001")).toBe("failed");
    expect(await look("theirs", "logs-2025.01.01")).toBe("failed");
    expect(await look("theirs", "app-000002", "logs-of-others")).toBe("warning");
  });

  test("takes no slow answer for a wrong clock", async () => {
    for (const [skewMs, state] of [
      [0, "ok"],
      [4_000, "ok"],
      [-9_000, "ok"],
      [-30_000, "warning"],
      [6_000, "warning"],
    ] as const) {
      let nowMs = 86_400_000;
      const clock = async () => (nowMs += 9_000) + skewMs;
      const deps = well({ now: () => nowMs, elasticsearch: { ...well().elasticsearch, clock } });
      expect([skewMs, find(await diagnose(input, deps), "clock")?.state]).toEqual([skewMs, state]);
    }
  });

  test("lists the topics that are held, and by whom, as no fault", async () => {
    const deps = well();
    const at = Date.UTC(2026, 0, 2);
    const entry = { held: true, by: "alice@ops", at, reason: "reindexing", writtenAt: at, taken: true };
    const stored = ["app", "web", "stranger"].map((topic) => ({
      topic,
      partition: 0,
      offset: 0,
      metadata: holdText({ ...entry, held: topic !== "web" }),
    }));
    const { declarations: more } = parseEtcdValue(
      JSON.stringify([{ topic: "late", hold: true }]),
      { name: "k", revision: 1 },
      [],
      "penstock.dead-letters",
    );
    const held = { ...input, declarations: [...declarations, ...more] };
    const checks = await diagnose(held, { ...deps, readHolds: async () => stored });
    const found = checks.filter(({ seen }) => seen.startsWith("is not read"));
    expect(found.map(({ name, state, seen }) => [name, state, seen])).toEqual([
      [
        "topic app",
        "ok",
        "is not read: held by alice@ops: reindexing, since 2026-01-02T00:00:00.000Z (penstock topics release app ends that)",
      ],
      ["topic late", "ok", 'is not read: `hold: true` in entry 1 of etcd key "k"'],
    ]);
  });

  test("goes on if Kafka does not say what orders hold", async () => {
    const readHolds = () => Promise.reject(new PenstockError("kafka_refused", "Kafka refused"));
    const checks = await diagnose(input, well({ readHolds }));
    expect(find(checks, "held topics")).toMatchObject({
      state: "skipped",
      seen: "what orders hold is not known: Kafka refused",
    });
    expect(find(checks, "topics")?.state).toBe("ok");
  });

  test("with a Kafka that never answers ends in time, and still checks the others", async () => {
    const never = new Promise<never>(() => {});
    const deps = well({ deadline: () => AbortSignal.timeout(20) });
    const checks = await diagnose(input, { ...deps, kafka: { ...deps.kafka, reach: () => never } });
    expect(find(checks, "broker")).toMatchObject({ state: "failed", seen: "no answer in time" });
    expect(find(checks, "topics, group")).toMatchObject({ area: "kafka", state: "skipped" });
    expect(find(checks, "target app")?.state).toBe("ok");
    expect(find(checks, "declarations")?.seen).toBe("2 declarations accepted");
  });

  test("asks for the groups of orders too: one that is refused is a warning, because topics are read without it", async () => {
    const deps = well();
    const group: DiagnoseDeps["kafka"]["group"] = async (id) =>
      id.endsWith(".holds")
        ? { refused: "not authorized" }
        : { state: "Empty", protocolType: "", clientIds: [] };
    const checks = await diagnose(input, { ...deps, kafka: { ...deps.kafka, group } });
    expect(find(checks, "groups of orders")).toMatchObject({
      state: "warning",
      seen: `cannot be used: ${input.settings.kafka.group}.holds (not authorized)`,
    });
    expect(find(checks, `group ${input.settings.kafka.group}`)?.state).toBe("ok");
  });

  test("asks Elasticsearch about the declared patterns, and about today's names", async () => {
    const asked: unknown[] = [];
    const deps = well();
    const elasticsearch: DiagnoseDeps["elasticsearch"] = {
      ...deps.elasticsearch,
      privileges: async (patterns, manageTemplates) => {
        asked.push(patterns, manageTemplates);
        return { security: "on", missing: [{ index: "logs-*", privilege: "create_doc" }] };
      },
    };
    const checks = await diagnose(input, { ...deps, elasticsearch });
    expect(asked).toEqual([["app", "logs-*"], true]);
    expect(find(checks, "permissions on logs-*")?.state).toBe("failed");
  });

  test("knows which targets roll over when it judges privileges", async () => {
    const deps = well();
    const missing = ["app", "logs-*"].map((index) => ({ index, privilege: "read" }));
    const elasticsearch: DiagnoseDeps["elasticsearch"] = {
      ...deps.elasticsearch,
      privileges: async () => ({ security: "on", missing }),
      targets: async (names) =>
        new Map(
          names.map((name) => [
            name,
            { kind: name === "app" ? ("index" as const) : ("alias" as const), indices: [] },
          ]),
        ),
    };
    const checks = await diagnose(input, { ...deps, elasticsearch });
    expect(find(checks, "permissions on logs-*")?.state).toBe("warning");
    expect(find(checks, "permissions on app")).toBeUndefined();
  });

  test("says what targets hold, and looks how late topics are read whose target deletes by age", async () => {
    const dayMs = 86_400_000;
    const now = 30 * dayMs;
    const asked: unknown[] = [];
    const deps = well({ now: () => now });
    const dated: Holdings = { ...absentHoldings(), kind: "dated indices", generations: 2, from: 20 * dayMs };
    const elasticsearch: DiagnoseDeps["elasticsearch"] = {
      ...deps.elasticsearch,
      clock: async () => now,
      holdings: async (indices) =>
        new Map(indices.map((index) => [index, index === "app" ? absentHoldings() : dated])),
    };
    const kafka: DiagnoseDeps["kafka"] = {
      ...deps.kafka,
      async oldestUnread(reading) {
        asked.push(reading);
        return 10 * dayMs;
      },
    };
    const checks = await diagnose(input, { ...deps, elasticsearch, kafka });
    expect(find(checks, "target logs-1970.01.31")?.seen).toBe(
      "does not exist yet; created with the first document; so far 2 indices, 0 B, 0 documents",
    );
    expect(asked).toEqual([{ topic: "web", group: input.settings.kafka.group, startAt: "latest" }]);
    expect(find(checks, "late reading of web")).toMatchObject({
      state: "warning",
      seen: expect.stringContaining("belongs to logs-1970.01.11, but the earliest index"),
    });
  });

  test("goes on if it cannot be found out what targets hold, or how late a topic is read", async () => {
    const deps = well();
    const failing = () => Promise.reject(new Error("no"));
    const silent = { ...deps.elasticsearch, holdings: failing };
    const checks = await diagnose(input, { ...deps, elasticsearch: silent });
    expect(find(checks, "target app")?.seen).toBe("does not exist yet; created with the first document");
    const dated: Holdings = { ...absentHoldings(), kind: "dated indices", from: 5 };
    const elasticsearch: DiagnoseDeps["elasticsearch"] = {
      ...deps.elasticsearch,
      holdings: async (indices) => new Map(indices.map((index) => [index, dated])),
    };
    const others = await diagnose(input, {
      ...deps,
      elasticsearch,
      kafka: { ...deps.kafka, oldestUnread: failing },
    });
    expect(find(others, "late reading of web")).toMatchObject({ state: "skipped" });
  });

  test("names the topics whose index the template cannot cover, and why", async () => {
    const deps = well();
    const refusals = new Map([["logs-*", "Elasticsearch answered 400: another template"]]);
    const elasticsearch = { ...deps.elasticsearch, refusedTargets: async () => refusals };
    const checks = await diagnose(input, { ...deps, elasticsearch });
    expect(find(checks, "index template for logs-*")).toMatchObject({
      state: "failed",
      seen: "Elasticsearch answered 400: another template; declared for web",
    });
  });

  test("reports a failed question, and goes on", async () => {
    const deps = well();
    const elasticsearch: DiagnoseDeps["elasticsearch"] = {
      ...deps.elasticsearch,
      cluster: async () => {
        throw new PenstockError("elasticsearch_refused", "Elasticsearch answered 403", {
          cause: { kind: "response", status: 403, error: null },
        });
      },
    };
    const checks = await diagnose(input, { ...deps, elasticsearch });
    expect(find(checks, "health")).toMatchObject({
      state: "warning",
      seen: "could not be checked: Elasticsearch answered 403",
      remedy: expect.stringContaining("monitor"),
    });
    expect(find(checks, "target app")?.state).toBe("ok");
  });

  test("reads each etcd key by itself, so that an unreadable one does not hide others", async () => {
    const etcd = { endpoints: ["http://e"], keys: ["a", "b"], auth: null, tls: null };
    const checks = await diagnose(
      { ...input, settings: settings({ etcd }) },
      well({
        readEtcd: async ({ keys: [key = ""] }) => {
          if (key === "a") throw new PenstockError("etcd_refused", "etcd refused: permission denied");
          const value = '["more", 7]';
          return { clusterId: "1", revision: 1, keys: [{ key, value, problem: null, modRevision: 4 }] };
        },
      }),
    );
    expect(find(checks, "key a")?.state).toBe("failed");
    expect(find(checks, "key b")?.state).toBe("ok");
    expect(find(checks, "topic more")?.state).toBe("warning");
    expect(checks.find(({ seen }) => seen.includes('etcd key "b", entry 2'))?.state).toBe("failed");
  });

  test("ends with the signal's reason", async () => {
    const stop = new AbortController();
    const reason = new Error("ended by SIGINT");
    const deps = well({ signal: stop.signal });
    const running = diagnose(input, {
      ...deps,
      kafka: { ...deps.kafka, reach: () => new Promise<never>(() => {}) },
    });
    stop.abort(reason);
    expect(await rejection(running)).toBe(reason);
  });
});
