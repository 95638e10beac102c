import { describe, expect, test } from "bun:test";
import type { RecordExplanation } from "../../functions/explain-record.ts";
import type { FleetResult } from "../../functions/fleet/model.ts";
import type { TailLines } from "../../infra/api/logs.ts";
import type { Explanation } from "../../lib/rules/explanation/explanation.ts";
import { eventually } from "../support/eventually.ts";
import { startTestMember } from "../support/group-member.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const token = "correct-horse-battery-staple";
const authorization = `Bearer ${token}`;
const servers = useStack();

/** A topic, and the config of a group of its own that reads it. */
async function groupFor(partitions: number) {
  const [topic, group] = [uniqueName("fleet"), uniqueName("fleet")];
  await servers.kafka.createTopic(topic, partitions);
  const start = (http: object = {}) =>
    startTestHost({
      ...servers.config,
      http: { port: 0, token, ...http },
      kafka: { ...servers.config.kafka, group },
      topics: [topic],
    });
  return { topic, group, start };
}

function untilFleet(host: TestHost, what: string, is: (fleet: FleetResult) => boolean): Promise<FleetResult> {
  return eventually(what, async () => {
    const answer = await host.fetch("/fleet", { headers: { authorization } });
    const fleet = (await answer.json()) as FleetResult;
    return answer.status === 200 && is(fleet) ? fleet : null;
  });
}

/** Calls back with each server-sent event. */
async function readEvents(answer: Response, onEvent: (event: string, data: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of answer.body ?? []) {
    const parts = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
      onEvent(event, data);
    }
  }
}

const reads = ({ hosts }: FleetResult) => hosts.every(({ partitions }) => partitions > 0);
const portOf = (address: string | null | undefined): string => new URL(address ?? "http://none").port;

describe("hosts of one group", () => {
  test("each shows both, with what they read and their sums; one that is killed is away", async () => {
    const { topic, start } = await groupFor(4);
    await using one = await start();
    await using two = await start();
    await untilFleet(one, "both read", (fleet) => fleet.hosts.length === 2 && reads(fleet));
    await servers.kafka.produce(
      topic,
      Array.from({ length: 40 }, (_, n) => ({ partition: n % 4, value: `line ${n}` })),
    );
    for (const host of [one, two]) {
      const { hosts, topics } = await untilFleet(
        host,
        "both have told their records",
        (fleet) =>
          fleet.totals.counts.indexed + fleet.totals.counts.duplicate >= 40 &&
          fleet.hosts.map(({ status, partitions }) => `${status}: ${partitions}`).join() ===
            "this host: 2,answers: 2",
      );
      expect(hosts[0]?.address).toBe(new URL(host.url).origin);
      const [shown] = topics;
      expect(shown).toMatchObject({ topic, state: "running" });
      expect(new Set(shown?.partitions.map(({ host: owner }) => owner))).toEqual(
        new Set(hosts.map(({ name }) => name)),
      );
    }
    two.signal("SIGKILL");
    const { hosts } = await untilFleet(
      one,
      "the killed host is away",
      (fleet) => fleet.hosts[1]?.status === "away" && fleet.hosts[1].since !== null,
    );
    expect(portOf(hosts[1]?.address)).toBe(new URL(two.url).port);
    const after = await untilFleet(
      one,
      "all partitions moved",
      ({ hosts: [first], topics: [moved] }) =>
        first?.partitions === 4 && moved?.partitions.every(({ host }) => host === first.name) === true,
    );
    expect(after.hosts[1]).toMatchObject({
      status: "away",
      reason: "it is no longer in the group",
      partitions: 0,
    });
  }, 480_000);

  test("each names the host that reads a partition, and where a record waits", async () => {
    const { topic, start } = await groupFor(2);
    await servers.elasticsearch.request("PUT", `/${topic}`);
    await servers.elasticsearch.request("PUT", `/${topic}/_settings`, { "index.blocks.write": true });
    await using one = await start();
    await using two = await start();
    const { hosts, topics } = await untilFleet(
      one,
      "both read",
      (fleet) => fleet.hosts.length === 2 && reads(fleet),
    );
    const [, there] = hosts;
    const owner = { name: there?.name, address: there?.address };
    expect(portOf(owner.address)).toBe(new URL(two.url).port);
    const partition = topics[0]?.partitions.findIndex(({ host }) => host === owner.name) ?? -1;
    /** Asks again: a busy Kafka may not say in 4 s who is in the group. */
    const ask = <T>(path: string, isTold: (answer: T) => boolean): Promise<T> =>
      eventually(`${path} names the host`, async () => {
        const answer = (await (await one.fetch(path, { headers: { authorization } })).json()) as T;
        return isTold(answer) ? answer : null;
      });
    const { partitions } = await ask<Explanation>(`/topics/${topic}/explain`, (told) =>
      Boolean(told.partitions[partition]?.owner),
    );
    expect(partitions[partition]).toMatchObject({ owned: false, owner });
    expect(partitions[1 - partition]).toMatchObject({ owned: true, owner: { address: hosts[0]?.address } });
    await servers.kafka.produce(topic, [{ partition, value: "a line" }]);
    const place = `topic=${topic}&partition=${partition}&offset=0`;
    const { kind, message } = await ask<RecordExplanation>(`/records/explanation?${place}`, (told) =>
      Bun.deepEquals(told.owner, owner),
    );
    expect([kind, message]).toEqual(["waiting", expect.stringContaining(`${owner.name} (${owner.address})`)]);
    await servers.elasticsearch.request("PUT", `/${topic}/_settings`, { "index.blocks.write": null });
  }, 480_000);

  test("show the records of all in one live tail, and say which host is missing", async () => {
    const { topic, start } = await groupFor(4);
    await using one = await start();
    await using two = await start();
    await untilFleet(one, "both read", (fleet) => fleet.hosts.length === 2 && reads(fleet));
    const life = new AbortController();
    const tail = await one.fetch(`/logs/tail?topic=${topic}&q=line`, {
      headers: { authorization },
      signal: life.signal,
    });
    const seen: { event: string; data: string }[] = [];
    const reading = readEvents(tail, (event, data) => void seen.push({ event, data })).catch(() => {});
    const lastHello = () => seen.findLast(({ event }) => event === "hello")?.data ?? "{}";
    await eventually("all partitions are shown", () => lastHello().includes('"owned":[0,1,2,3]'));
    await servers.kafka.produce(
      topic,
      Array.from({ length: 8 }, (_, n) => ({ partition: n % 4, value: `line ${n}` })),
    );
    const told = () =>
      seen.filter(({ event }) => event === "lines").map(({ data }) => JSON.parse(data) as TailLines);
    await eventually("all lines were sent or counted as not shown", () => {
      const told8 = told().reduce((sum, { lines, notShown }) => sum + lines.length + notShown, 0);
      return told8 === 8;
    });
    const lines = told().flatMap((some) => some.lines);
    expect(new Set(lines.map(({ partition, offset }) => `${partition}:${offset}`)).size).toBe(lines.length);
    const before = seen.length;
    two.signal("SIGKILL");
    await eventually("the killed host is missing", () =>
      seen.slice(before).some(({ event, data }) => event === "hello" && data.includes('"missing":[{')),
    );
    await eventually(
      "its partitions are shown by the other",
      () => lastHello().includes('"owned":[0,1,2,3]') && lastHello().includes('"missing":[]'),
    );
    life.abort();
    await reading;
  }, 480_000);

  test("one of an older version reads its partitions beside a new one, and is named as unknown", async () => {
    const { topic, group, start } = await groupFor(2);
    const { brokers } = servers.config.kafka;
    const old = startTestMember({ brokers, groupId: group, host: "old" });
    old.member.want(new Set([topic]));
    await using host = await start();
    try {
      const { hosts, topics } = await untilFleet(
        host,
        "each reads one partition",
        (fleet) => fleet.hosts.length === 2 && fleet.hosts.every(({ partitions }) => partitions === 1),
      );
      expect(hosts[1]).toMatchObject({ status: "unknown", version: null, address: null, partitions: 1 });
      expect(topics[0]?.partitions.map(({ host: owner }) => owner)).toContain(hosts[1]?.name ?? "");
    } finally {
      await old[Symbol.asyncDispose]();
    }
  }, 480_000);

  test("with different tokens say so", async () => {
    const { start } = await groupFor(2);
    await using one = await start();
    await using two = await start({ token: "another-horse-battery-staple" });
    const { hosts } = await untilFleet(
      one,
      "the other does not accept the token",
      (fleet) => fleet.hosts[1]?.reason?.includes("need the same http.token") === true,
    );
    expect(portOf(hosts[1]?.address)).toBe(new URL(two.url).port);
  }, 480_000);

  test("a stranger in the group gets no token, and cannot show anything", async () => {
    const seen: string[] = [];
    using trap = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        seen.push(JSON.stringify([request.url, [...request.headers], await request.text()]));
        return Response.json({
          host: "trap",
          rate: 1,
          lag: 1,
          counts: { indexed: 1_000, duplicate: 0, deadLettered: 0, skipped: 0 },
          topics: [],
        });
      },
    });
    const { topic, group, start } = await groupFor(2);
    const stranger = startTestMember({
      brokers: servers.config.kafka.brokers,
      groupId: group,
      host: "trap",
      profile: { name: "trap", version: "0.1.0", address: trap.url.origin, startedAtMs: 0 },
    });
    stranger.member.want(new Set([topic]));
    await using host = await start();
    try {
      const { hosts, totals } = await untilFleet(
        host,
        "it was asked",
        (fleet) => fleet.hosts[1]?.reason?.includes("does not prove that it has this group's token") === true,
      );
      expect(hosts[1]?.status).toBe("away");
      expect(totals.counts.indexed).toBe(0);
      expect(seen).not.toEqual([]);
      expect(seen.join("\n")).not.toContain(token);
      // What it got opens nothing on the real host.
      const headers = new Headers(JSON.parse(seen[0] ?? "")[1] as [string, string][]);
      const proof = headers.get("authorization") ?? "";
      expect(proof).toStartWith("Penstock-Host ");
      const passedOn = await host.fetch("/fleet/host", { headers: { authorization: proof } });
      expect(passedOn.status).toBe(401);
    } finally {
      await stranger[Symbol.asyncDispose]();
    }
  }, 480_000);
});
