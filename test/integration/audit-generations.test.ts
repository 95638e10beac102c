import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { audit, runAudit } from "../support/faults/audit.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("generations");
const GENERATIONS = 5;
const OF_EACH = 20;
const KINDS = ["stream", "alias", "closed", "again"] as const;
type Kind = (typeof KINDS)[number];
const nameOf = (kind: Kind): string => `${run}-${kind}`;

interface Report {
  readonly topics: readonly {
    readonly state: string;
    readonly reason?: string;
    readonly totals: Readonly<Record<string, number>>;
    readonly verdict: { readonly gaps: number; readonly doubles: number; readonly clean: boolean };
    readonly removedDoubles: number | null;
    readonly repair: Readonly<Record<string, number>> | null;
    readonly found: {
      readonly partitions: readonly Readonly<
        Record<
          "gaps" | "doubles" | "expired",
          { readonly ranges: readonly { start: number; end: number; label: string }[] }
        >
      >[];
    };
  }[];
}

describe("an audit of five generations", () => {
  const servers = useStack();
  /** The indices of each kind, oldest first. */
  const indices = new Map<Kind, readonly string[]>();
  const configFor = (...kinds: Kind[]): object => ({
    ...servers.config,
    kafka: { ...servers.config.kafka, group: run },
    topics: kinds.map((kind) => ({ topic: nameOf(kind), index: nameOf(kind) })),
  });
  const indexOf = (kind: Kind, generation: number): string => indices.get(kind)?.[generation - 1] ?? "";

  beforeAll(async () => {
    const { elasticsearch, kafka } = servers;
    const put = (path: string, body: object) => elasticsearch.demand("PUT", path, body);
    const properties = {
      "kafka.topic": { type: "keyword" },
      "kafka.partition": { type: "integer" },
      "kafka.offset": { type: "long" },
    };
    const template = { settings: { number_of_replicas: 0 }, mappings: { subobjects: false, properties } };
    await put(`/_index_template/${run}`, {
      index_patterns: KINDS.filter((kind) => kind !== "alias").map(nameOf),
      priority: 500,
      data_stream: {},
      template,
    });
    await put(`/_index_template/${run}-alias`, {
      index_patterns: [`${nameOf("alias")}-*`],
      priority: 500,
      template,
    });
    await put(`/${nameOf("alias")}-000001`, { aliases: { [nameOf("alias")]: { is_write_index: true } } });

    await using host = await startTestHost(configFor(...KINDS));
    for (const kind of KINDS) await kafka.createTopic(nameOf(kind), 1);
    for (let generation = 1; generation <= GENERATIONS; generation += 1) {
      if (generation > 1) {
        for (const kind of KINDS) await elasticsearch.demand("POST", `/${nameOf(kind)}/_rollover`);
      }
      const records = Array.from({ length: OF_EACH }, (_, n) => ({ value: `line ${n}`, partition: 0 }));
      for (const kind of KINDS) await kafka.produce(nameOf(kind), records);
      for (const kind of KINDS) {
        await host.untilTopic(
          nameOf(kind),
          `has indexed generation ${generation}`,
          ({ partitions }) => partitions[0]?.committed === generation * OF_EACH,
        );
      }
    }
    expect(await host.stop()).toBe(0);
    for (const kind of KINDS) {
      const { body } = await elasticsearch.request("GET", `/${nameOf(kind)}/_settings/index.creation_date`);
      indices.set(kind, Object.keys(body).toSorted());
      expect(indices.get(kind)).toHaveLength(GENERATIONS);
    }
  }, 480_000);

  afterAll(async () => {
    for (const name of [run, `${run}-alias`])
      await servers.elasticsearch.request("DELETE", `/_index_template/${name}`);
  });

  async function documentAt(kind: Kind, generation: number, offset: number) {
    const found = (await servers.elasticsearch.documents(indexOf(kind, generation))).find(
      ({ _source }) => kafkaOf(_source).offset === offset,
    );
    if (found === undefined) throw new Error(`generation ${generation} has no document at offset ${offset}`);
    return found;
  }

  function kafkaOf({ kafka = {} }: Readonly<Record<string, unknown>>): { readonly offset?: number } {
    return kafka as { offset?: number };
  }

  async function lose(kind: Kind, generation: number, offset: number): Promise<void> {
    const { _id, _index } = await documentAt(kind, generation, offset);
    await servers.elasticsearch.demand("DELETE", `/${_index}/_doc/${_id}`);
  }

  /** Writes a second copy into the newest generation. */
  async function double(kind: Kind, generation: number, offset: number): Promise<void> {
    const { _id, _source } = await documentAt(kind, generation, offset);
    await servers.elasticsearch.demand("PUT", `/${nameOf(kind)}/_create/${_id}`, _source);
  }

  async function auditOf(kind: Kind, ...args: string[]) {
    const { out, error, code } = await runAudit(configFor(kind), ["--json", ...args]);
    expect(error).toBe("");
    const [topic] = (JSON.parse(out) as Report).topics;
    if (topic === undefined) throw new Error(`no topic in ${out}`);
    return { code, topic, ranges: topic.found?.partitions[0] };
  }

  for (const kind of ["stream", "alias"] as const) {
    test(`${kind}: expired, lost and doubled records are told apart, and a repair brings in exactly the gaps`, async () => {
      // The oldest generation goes, as by a lifecycle; one record is lost in each of the next two.
      await servers.elasticsearch.request("DELETE", `/${indexOf(kind, 1)}`);
      await lose(kind, 2, 25);
      await lose(kind, 4, 60);
      await double(kind, 3, 50);
      const found = await auditOf(kind);
      expect(found.code).toBe(1);
      expect(found.topic.totals).toMatchObject({
        offsets: 100,
        indexed: 78,
        expired: 20,
        gaps: 2,
        doubles: 1,
      });
      expect(found.ranges?.expired.ranges).toEqual([
        { start: 0, end: 20, label: `an index of ${nameOf(kind)} before ${indexOf(kind, 2)}` },
      ]);
      expect(found.ranges?.gaps.ranges).toEqual([
        { start: 25, end: 26, label: "" },
        { start: 60, end: 61, label: "" },
      ]);
      expect(found.ranges?.doubles.ranges).toEqual([
        { start: 50, end: 51, label: `${indexOf(kind, 3)}, ${indexOf(kind, 5)}` },
      ]);

      const repaired = await auditOf(kind, "--repair", "--remove-doubles");
      expect(repaired.topic.repair).toMatchObject({ indexed: 2, duplicate: 0 });
      expect(repaired.topic.removedDoubles).toBe(1);
      expect({ code: repaired.code, verdict: repaired.topic.verdict }).toMatchObject({
        code: 0,
        verdict: { gaps: 0, doubles: 0, clean: true },
      });
      expect(await servers.elasticsearch.count(nameOf(kind))).toBe(80);
      // The copy in the older generation stayed, and what was brought in late does not move the border of what expired.
      expect((await documentAt(kind, 3, 50))._index).toBe(indexOf(kind, 3));
      expect((await auditOf(kind)).topic.totals).toMatchObject({
        indexed: 80,
        expired: 20,
        gaps: 0,
        doubles: 0,
      });
    }, 480_000);
  }

  test("alias: records of an index that was taken out of it are found by their ids, and not brought in again", async () => {
    const [, second = "", third = ""] = indices.get("alias") ?? [];
    const actions = [second, third].map((index) => ({ remove: { index, alias: nameOf("alias") } }));
    await servers.elasticsearch.request("POST", "/_aliases", { actions });
    const before = await servers.elasticsearch.count(`${nameOf("alias")}-*`);
    const { code, topic } = await auditOf("alias", "--repair");
    expect(code).toBe(0);
    expect(topic.totals).toMatchObject({ indexed: 41, elsewhere: 39, expired: 20, gaps: 0 });
    expect(topic.repair).toBeNull();
    expect(await servers.elasticsearch.count(`${nameOf("alias")}-*`)).toBe(before);
  }, 240_000);

  test("a closed generation among open ones ends the audit: what it holds would look like gaps; the oldest may be closed", async () => {
    await servers.elasticsearch.request("POST", `/${indexOf("closed", 3)}/_close`);
    const { code, topic } = await auditOf("closed", "--repair");
    expect(code).toBe(1);
    expect(topic).toMatchObject({
      state: "failed",
      reason: `index "${indexOf("closed", 3)}" behind "${nameOf("closed")}" of topic "${nameOf("closed")}" is closed: open it so that its documents can be counted`,
    });
    await servers.elasticsearch.request("POST", `/${indexOf("closed", 3)}/_open`);
    // The oldest ones may be closed for good, as by a lifecycle.
    await servers.elasticsearch.request("POST", `/${indexOf("closed", 1)}/_close`);
    expect((await auditOf("closed", "--repair")).topic).toMatchObject({
      totals: { indexed: 80, expired: 20, gaps: 0 },
      repair: null,
    });
  }, 240_000);

  test("two repairs at once, with rollovers meanwhile, bring each record in once", async () => {
    for (let offset = 0; offset < OF_EACH; offset += 1) await lose("again", 1, offset);
    let rolling = true;
    const rollovers = (async () => {
      while (rolling) {
        await servers.elasticsearch.request("POST", `/${nameOf("again")}/_rollover`);
        await Bun.sleep(500);
      }
    })();
    const repairs = await Promise.all([1, 2].map(() => auditOf("again", "--repair")));
    rolling = false;
    await rollovers;
    expect(repairs.map(({ topic }) => topic.reason ?? topic.state)).toEqual(["audited", "audited"]);
    expect(await audit(configFor("again"))).toEqual({ code: 0, gaps: 0, doubles: 0 });
    expect(await servers.elasticsearch.count(nameOf("again"))).toBe(GENERATIONS * OF_EACH);
  }, 480_000);
});
