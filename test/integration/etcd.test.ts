import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { createDeclarationsStore } from "../../lib/adapters/etcd/declarations-store.ts";
import { createEtcdSource } from "../../lib/adapters/etcd/source.ts";
import type { Logger } from "../../lib/rules/base/logger.ts";
import type { EtcdSettings } from "../../lib/rules/model/settings.ts";
import { createEtcdServer, freePort, type EtcdServer } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { expectQuick } from "../support/expect-quick.ts";
import { Secret } from "../../lib/rules/secrets/secret.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const NEVER = new AbortController().signal;

let server: EtcdServer;
let admin: Etcd3;

beforeAll(async () => {
  server = await createEtcdServer();
  await server.start();
  admin = new Etcd3({ hosts: server.endpoint });
}, 240_000);

afterAll(async () => {
  admin.close();
  await server[Symbol.asyncDispose]();
});

function settingsFor(keys: string[], change: Partial<EtcdSettings> = {}): EtcdSettings {
  return { endpoints: [server.endpoint], keys, auth: null, tls: null, ...change };
}

/** The promise's rejection. Bun's own `rejects` blocks the event loop that gRPC needs. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** A source whose triggers can be awaited, including earlier ones. */
function watched(settings: EtcdSettings, deadlineMs?: number) {
  const reasons: string[] = [];
  let wake = () => {};
  const source = createEtcdSource({
    settings,
    logger: SILENT,
    onChange: (reason) => {
      reasons.push(reason);
      wake();
    },
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  return {
    read: (signal = NEVER) => source.read(signal),
    /** Resolves with the first matching trigger that was not taken yet. */
    next: async (fits: RegExp, timeoutMs = 60_000): Promise<string> => {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const place = reasons.findIndex((reason) => fits.test(reason));
        const found = place < 0 ? undefined : reasons.splice(0, place + 1).at(-1);
        if (found !== undefined) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()));
        await promise;
        clearTimeout(timer);
        if (Date.now() >= deadline)
          throw new Error(`no trigger like ${fits} within ${timeoutMs} ms; had: ${reasons.join(", ")}`);
      }
    },
    [Symbol.asyncDispose]: () => source.stop(),
  };
}

describe("a snapshot", () => {
  test("contains exact keys and prefixes in listed order, each key once, and no absent keys", async () => {
    await Promise.all(
      ["order/b", "order/a", "order-exact", "orderless"].map((key) => admin.put(key).value(`["${key}"]`)),
    );
    await admin.put("order/bad").value(Buffer.from([0x5b, 0xff, 0x5d]));
    await using source = watched(settingsFor(["order-exact", "order/b", "order-absent", "order/"]));

    const snapshot = await source.read();

    expect(snapshot.keys.map(({ key, value, listed }) => [key, value, listed])).toEqual([
      ["order-exact", '["order-exact"]', 0],
      ["order/b", '["order/b"]', 1],
      ["order/a", '["order/a"]', 3],
      ["order/bad", null, 3],
    ]);
    expect(snapshot.keys.at(-1)?.problem).toBe("the value is not valid UTF-8");
    expect(snapshot.clusterId).toMatch(/^\d+$/);
    expect(snapshot.revision).toBe(Math.max(...snapshot.keys.map(({ modRevision }) => modRevision)));
  });

  test("larger than the gRPC limit is read in pages", async () => {
    const value = "x".repeat(1_000_000);
    const small = Array.from({ length: 1_200 }, (_, n) => `pages/a${String(n).padStart(4, "0")}`);
    const big = Array.from({ length: 9 }, (_, n) => `pages/b${n}`);
    for (let from = 0; from < small.length; from += 100) {
      await Promise.all(small.slice(from, from + 100).map((key) => admin.put(key).value("[]")));
    }
    await Promise.all(big.map((key) => admin.put(key).value(value)));
    await using source = watched(settingsFor(["pages/"]));

    const { keys } = await source.read();

    expect(keys.map(({ key }) => key)).toEqual([...small, ...big]);
    expect(keys.filter((entry) => entry.value === value)).toHaveLength(9);
  });

  test("is of one revision while others write, and survives compaction meanwhile", async () => {
    const names = Array.from({ length: 8 }, (_, n) => `same-revision-${n}`);
    const stop = new AbortController();
    // A writer that always puts the same value into all keys at once: a mixed snapshot would show two values.
    const writer = async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        const success = names.map((name) => ({
          request_put: { key: Buffer.from(name), value: Buffer.from(String(n)) },
        }));
        const { header } = await admin.kv.txn({ success });
        if (n % 20 === 19) await admin.kv.compact({ revision: header.revision });
      }
    };
    await using source = watched(settingsFor(names));
    const writing = writer();
    const seen = new Set<string | null>();
    // A write may take as long as many reads.
    for (let reads = 0; reads < 30 || seen.size <= 5; reads += 1) {
      const { keys } = await source.read();
      const values = new Set(keys.map(({ value }) => value));
      expect(values.size).toBeLessThanOrEqual(1);
      for (const value of values) seen.add(value);
    }
    stop.abort();
    await writing;
    expect(seen.size).toBeGreaterThan(5);
  });
});

describe("a watch", () => {
  test("fires within a second of a put and of a delete, for keys and prefixes, and not for others", async () => {
    await using source = watched(settingsFor(["watch-exact", "watch/"]));
    await source.next(/reconnected/);

    await admin.put("watch-exact-not").value("[]");
    const noticed = async (told: string): Promise<number> => {
      const changedAt = performance.now();
      expect(await source.next(/changed/)).toContain(told);
      return performance.now() - changedAt;
    };
    await expectQuick(1_000, async () => {
      await admin.put("watch/one").value("[]");
      return noticed("watch/one");
    });
    await expectQuick(1_000, async () => {
      await admin.put("watch-exact").value("[]");
      return noticed("watch-exact changed");
    });
    await expectQuick(1_000, async () => {
      await admin.put("watch/two").value("[]");
      await noticed("watch/two");
      await admin.delete().key("watch/two");
      return noticed("watch/two");
    });
  });

  test("outlives compaction and a crash of etcd, and announces its return", async () => {
    await using source = watched(settingsFor(["crash"]));
    await source.next(/reconnected/);
    const { header } = await admin.kv.put({ key: Buffer.from("crash"), value: Buffer.from("[1]") });
    await source.next(/changed/);
    await admin.kv.compact({ revision: header.revision });

    await server.kill();
    await source.next(/lost/);
    expect(await failureOf(source.read())).toMatchObject({ code: "etcd_unavailable", retryable: true });
    await server.start();
    await source.next(/reconnected/);

    expect((await source.read()).keys[0]?.value).toBe("[1]");
    await admin.put("crash").value("[2]");
    await source.next(/changed/);
    expect((await source.read()).keys[0]?.value).toBe("[2]");
  }, 240_000);

  test("starts with etcd down, and connects once it appears", async () => {
    await using late = await createEtcdServer();
    await using source = watched(settingsFor(["late"], { endpoints: [late.endpoint] }));
    expect(await failureOf(source.read())).toMatchObject({ code: "etcd_unavailable" });

    await late.start();
    await source.next(/reconnected/);
    expect((await source.read()).keys).toEqual([]);
  }, 240_000);
});

describe("an unreadable etcd", () => {
  test("is named in the error, without the password in its address", async () => {
    const port = await freePort();
    await using source = watched(settingsFor(["x"], { endpoints: [`http://me:secret@127.0.0.1:${port}`] }));
    const error = await failureOf(source.read());
    expect(error).toMatchObject({ code: "etcd_unavailable", retryable: true });
    expect(String(error)).toContain(`http://127.0.0.1:${port}`);
    expect(String(error)).not.toContain("secret");
  });

  test("that accepts connections and never answers takes no longer than the deadline", async () => {
    using mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    await using source = watched(settingsFor(["x"], { endpoints: [`http://127.0.0.1:${mute.port}`] }), 700);
    await expectQuick(1_500, async () => {
      const began = performance.now();
      expect(await failureOf(source.read())).toMatchObject({ code: "etcd_unavailable", retryable: true });
      return performance.now() - began;
    });
  });

  test("is abandoned when the signal aborts", async () => {
    using mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    await using source = watched(settingsFor(["x"], { endpoints: [`http://127.0.0.1:${mute.port}`] }));
    const stop = new AbortController();
    const reading = source.read(stop.signal);
    stop.abort();
    expect(await failureOf(reading)).toMatchObject({ code: "etcd_unavailable" });
  });

  test("without a leader says so", async () => {
    const peers = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`);
    const all = peers.map((peer, at) => `m${at}=${peer}`).join(",");
    const argsOf = (peer: string, at: number) => [
      ["--name", `m${at}`, "--initial-cluster", all],
      ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
    ];
    const create = (at: number) => createEtcdServer({ args: argsOf(peers[at] ?? "", at).flat() });
    await using left = await create(0);
    await using gone = await create(1);
    await Promise.all([left.start(), gone.start()]);
    await using source = watched(settingsFor(["x"], { endpoints: [left.endpoint] }));
    await source.read();
    await gone.kill();
    // The other may not have missed it yet.
    await eventually("it says so", async () => {
      expect(String(await failureOf(source.read()))).toBe(
        `PenstockError: etcd at ${left.endpoint} is not available: no leader: too few members can reach each other`,
      );
      return true;
    });
    await gone.start();
    await source.next(/reconnected/);
    expect(await source.read()).toMatchObject({ keys: [] });
  }, 240_000);

  test("leaves standard error to us, whatever grpc wants to print", () => {
    const script = `
      import { experimental, logVerbosity } from "@grpc/grpc-js";
      import { createEtcdClient } from "./lib/adapters/etcd/client.ts";
      const say = () => experimental.log(logVerbosity.ERROR, "excess pings");
      say();
      createEtcdClient({ endpoints: ["http://127.0.0.1:1"], keys: ["x"], auth: null, tls: null }).close();
      say();`;
    const { stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", script], {
      cwd: join(import.meta.dir, "../.."),
    });
    expect({ exitCode, stderr: String(stderr) }).toEqual({ exitCode: 0, stderr: "E excess pings\n" });
  });

  test("one dead endpoint of several does not matter", async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    await using source = watched(settingsFor(["x"], { endpoints: [dead, server.endpoint, dead] }));
    for (let reads = 0; reads < 10; reads += 1) await source.read();
  });
});

describe("the declarations store", () => {
  test("writes only over the revision it was given", async () => {
    const store = createDeclarationsStore(settingsFor(["store"]));
    try {
      expect(await store.read("store", NEVER)).toEqual({ value: null, problem: null, modRevision: 0 });
      const first = await store.put("store", '["a"]', 0, NEVER);
      expect(await store.read("store", NEVER)).toEqual({ value: '["a"]', problem: null, modRevision: first });
      expect(await failureOf(store.put("store", '["b"]', 0, NEVER))).toMatchObject({
        code: "etcd_conflict",
        retryable: true,
      });
      const second = await store.put("store", '["c"]', first, NEVER);
      expect(second).toBeGreaterThan(first);
      expect(await failureOf(store.put("store", '["d"]', first, NEVER))).toMatchObject({
        code: "etcd_conflict",
      });
      expect((await store.list(NEVER)).keys).toEqual([
        { key: "store", value: '["c"]', problem: null, modRevision: second, listed: 0 },
      ]);
    } finally {
      store.close();
    }
  });

  test("a repeated write whose answer was lost is no conflict", async () => {
    const store = createDeclarationsStore(settingsFor(["lost-answer"]));
    try {
      const revision = await store.put("lost-answer", '["a"]', 0, NEVER);
      expect(await store.put("lost-answer", '["a"]', 0, NEVER)).toBe(revision);
    } finally {
      store.close();
    }
  });
});

describe("with authentication", () => {
  const root = { username: "root", password: "root-password" };
  const reader = { username: "reader", password: "reader-password" };
  let guarded: EtcdServer;

  beforeAll(async () => {
    guarded = await createEtcdServer();
    await guarded.start();
    const setup = new Etcd3({ hosts: guarded.endpoint });
    await setup.put("open/a").value('["a"]');
    await setup.auth.userAdd({ name: root.username, password: root.password });
    await setup.role("root").create();
    await setup.user("root").addRole("root");
    await setup.auth.userAdd({ name: reader.username, password: reader.password });
    await setup.role("readers").create();
    await setup.role("readers").grant({ permission: "Read", range: setup.range({ prefix: "open/" }) });
    await setup.user("reader").addRole("readers");
    await setup.auth.authEnable();
    setup.close();
  }, 240_000);
  afterAll(() => guarded[Symbol.asyncDispose]());

  const guardedSettings = (keys: string[], auth: typeof reader | null) =>
    settingsFor(keys, {
      endpoints: [guarded.endpoint],
      auth: auth && { ...auth, password: new Secret(auth.password) },
    });

  test("a reader reads and watches what it may, and is refused the rest", async () => {
    await using source = watched(guardedSettings(["open/"], reader));
    await source.next(/reconnected/);
    expect((await source.read()).keys[0]?.value).toBe('["a"]');

    const writer = createDeclarationsStore(guardedSettings(["open/"], root));
    await writer.put("open/b", "[]", 0, NEVER);
    writer.close();
    await source.next(/open\/b changed/);

    const store = createDeclarationsStore(guardedSettings(["open/"], reader));
    expect(await failureOf(store.put("open/c", "[]", 0, NEVER))).toMatchObject({
      code: "etcd_refused",
      retryable: false,
    });
    expect(await failureOf(store.read("closed", NEVER))).toMatchObject({ code: "etcd_refused" });
    store.close();
  });

  test.each([
    ["a wrong password", { ...reader, password: "wrong-password" }],
    ["no user", null],
  ])("%s is refused", async (_, auth) => {
    await using source = watched(guardedSettings(["open/"], auth));
    const error = await failureOf(source.read());
    expect(error).toMatchObject({ code: "etcd_refused", retryable: false });
    expect(String(error)).not.toContain("wrong-password");
  });

  test("survives a change of users and roles, which voids every login", async () => {
    await using source = watched(guardedSettings(["open/"], reader));
    await source.next(/reconnected/);
    await source.read();

    const setup = new Etcd3({ hosts: guarded.endpoint, auth: root });
    await setup.role("readers").grant({ permission: "Read", range: setup.range({ prefix: "more/" }) });
    setup.close();

    expect((await source.read()).keys[0]?.value).toBe('["a"]');
    const store = createDeclarationsStore(guardedSettings(["open/"], root));
    await store.put("open/after", "[]", 0, NEVER);
    store.close();
    await source.next(/open\/after changed/);
  });

  test("survives a restart, which voids the login's token", async () => {
    await using source = watched(guardedSettings(["open/"], reader));
    await source.next(/reconnected/);
    await guarded.kill();
    await source.next(/lost/);
    await guarded.start();
    await source.next(/reconnected/);
    expect((await source.read()).keys[0]?.value).toBe('["a"]');
  }, 240_000);
});
