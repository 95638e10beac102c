import { describe, expect, test } from "bun:test";
import type { DigestResult } from "../../functions/digest-dead-letters.ts";
import type { ReplayResult } from "../../functions/replay-dead-letters.ts";
import { runCommand } from "../support/command.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { openFailureStore, putFailureStoreTemplate, unforgiving } from "../support/refused.ts";
import { replayJson, runReplay } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

describe("a replay and the failure stores of data streams", () => {
  const servers = useStack();

  const configFor = (...topics: object[]) => ({
    ...servers.config,
    deadLetters: { topic: uniqueName("dead") },
    topics,
  });

  async function put(path: string, body: object): Promise<void> {
    expect(await servers.elasticsearch.request("PUT", path, body)).toMatchObject({ status: 200 });
  }

  /** The ids of the records in a failure store; those of other programs too. */
  async function storedIn(stream: string): Promise<string[]> {
    await servers.elasticsearch.request("POST", `/${stream}::failures/_refresh`);
    const { body } = await servers.elasticsearch.request("POST", `/${stream}::failures/_search`, {
      size: 1_000,
    });
    const { hits } = (body as { hits: { hits: { _source: { document: { id: string } } }[] } }).hits;
    return hits.map(({ _source: { document } }) => document.id).toSorted();
  }

  async function digest(config: object, ...words: string[]): Promise<DigestResult> {
    const { out, error, code } = await runCommand("replay", config, ["--digest", "--json", ...words]);
    expect({ error, code }).toEqual({ error: "", code: 0 });
    return JSON.parse(out) as DigestResult;
  }

  async function replay(config: object, ...words: string[]): Promise<ReplayResult> {
    const { result, error, code } = await replayJson(config, ...words);
    expect({ error, code }).toEqual({ error: "", code: 0 });
    return result as unknown as ReplayResult;
  }

  test("what lies there is shown beside the letters, and cleared with them; other programs' documents stay", async () => {
    // Elasticsearch reads dots in names as paths in some places.
    const topic = `${uniqueName("both")}.log`;
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic, 1);
    await putFailureStoreTemplate(servers.elasticsearch, topic, { pattern: topic, field: "n" });
    await openFailureStore(servers.elasticsearch, topic, { n: "not ours" });
    await servers.kafka.produce(topic, [
      { value: '{"n":1}' },
      { value: '{"n":"a"}' },
      { value: '{"n":"b"}' },
    ]);
    {
      await using host = await startTestHost(config);
      await host.untilTopic(topic, "is read", ({ partitions }) => partitions[0]?.committed === 3);
    }
    const stored = await storedIn(topic);
    expect([...new Set(stored)]).toEqual([
      expect.stringContaining(`${topic}:0:1:`) as never,
      expect.stringContaining(`${topic}:0:2:`) as never,
      "foreign:1",
    ]);
    // A bulk that was answered too late is sent again, and stored again.
    const documents = stored.length - 1;

    const { failureStores, letters } = await digest(config);
    expect(letters).toBe(2);
    expect(failureStores).toMatchObject({
      problems: [],
      stores: [
        {
          stream: topic,
          topics: [topic],
          enabled: true,
          ours: { documents, records: 2, kinds: [{ error: "document_parsing_exception", documents }] },
          others: { documents: 1 },
        },
      ],
    });
    const [store] = failureStores.stores;
    expect(store?.ours.kinds[0]?.sample.id).toStartWith(`${topic}:0:`);
    expect(store?.ours.kinds[0]?.sample.reason).toContain("failed to parse field [n]");
    expect((await digest(config, "--topic", "another")).failureStores.stores).toEqual([]);
    const shown = await runReplay(config, "--digest");
    expect(shown.out).toContain(`${documents} documents of 2 records in that of ${topic}\n`);
    expect(shown.out).toContain("1  of other programs, which a replay never touches\n");

    const { find } = await diagnosed(config);
    expect(find(`failure store of ${topic}`)).toMatchObject({
      state: "ok",
      seen: `it is on; ${documents} documents of 2 records and 1 document of other programs lie there (penstock replay --digest)`,
    });

    // Still refused: nothing is cleared, and nothing is lost.
    expect(await replay(config, "--dry-run")).toMatchObject({
      wouldReplay: 2,
      failureStores: { cleared: 0, wouldClear: 0, open: 0, problems: [] },
    });
    expect(await storedIn(topic)).toEqual(stored);

    // Mended for the next generation.
    await put(`/_index_template/${topic}`, {
      index_patterns: [topic],
      data_stream: {},
      priority: 500,
      template: { mappings: { properties: { n: { type: "keyword" } } } },
    });
    await servers.elasticsearch.demand("POST", `/${topic}/_rollover`);
    const done = await replay(config);
    expect(done).toMatchObject({ indexed: 2, failureStores: { open: 0, problems: [] } });
    expect(done.failureStores.cleared).toBeGreaterThanOrEqual(documents);
    expect(await storedIn(topic)).toEqual(["foreign:1"]);
    expect(await replay(config)).toMatchObject({
      alreadyThere: 2,
      failureStores: { cleared: 0, problems: [] },
    });
  }, 240_000);

  test("what a host brought in after it waited is cleared; until then it is told as neither indexed nor a letter", async () => {
    const topic = uniqueName("waited");
    const config = configFor({ topic, pipeline: topic });
    await servers.kafka.createTopic(topic, 1);
    await putFailureStoreTemplate(servers.elasticsearch, topic, { pattern: topic, field: "n" });
    await servers.kafka.produce(topic, [{ value: "one" }, { value: "two" }]);
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "waits", ({ reason }) => reason !== null);

    await eventually("both lie there", async () => new Set(await storedIn(topic)).size === 2);
    const open = [0, 1].map((offset) => ({ topic, partition: 0, offset }));
    for (const words of [["--dry-run"], []]) {
      // A server that is too busy to answer is a problem.
      await eventually("all of it is told", async () => {
        const { failureStores } = await replay(config, ...words);
        expect(failureStores).toMatchObject({
          cleared: 0,
          wouldClear: 0,
          open: 2,
          openPlaces: open,
          problems: [],
        });
        return true;
      });
    }
    expect((await runReplay(config)).out).toContain(
      "2  in failure stores and neither indexed nor dead letters",
    );
    const answer = (await (await host.fetch("/dead-letters")).json()) as DigestResult;
    expect(answer.letters).toBe(0);
    expect(answer.failureStores.stores).toMatchObject([
      { stream: topic, ours: { records: 2, kinds: [{ error: "illegal_argument_exception" }] } },
    ]);

    await put(`/_ingest/pipeline/${topic}`, { processors: [] });
    await host.untilIndexed(topic, 2);
    await servers.elasticsearch.count(topic);
    const stored = await storedIn(topic);
    expect(stored.length).toBeGreaterThanOrEqual(2);
    expect(await replay(config, "--dry-run")).toMatchObject({
      failureStores: { cleared: 0, wouldClear: stored.length, open: 0 },
    });
    expect(await storedIn(topic)).toEqual(stored);
    const { headers } = await host.fetch("/replay", { method: "POST" });
    const job = headers.get("location") ?? "";
    type Job = { readonly state: string; readonly result: ReplayResult | null };
    const look = async () => (await (await host.fetch(job)).json()) as Job;
    await eventually("the replay ends", async () => (await look()).state !== "running");
    const ended = await look();
    expect(ended).toMatchObject({
      state: "done",
      result: { read: 0, failureStores: { cleared: stored.length, open: 0, problems: [] } },
    });
    expect(await storedIn(topic)).toEqual([]);
  }, 240_000);

  test("a failure store that refuses deletions is told, and the replay goes on", async () => {
    const topic = uniqueName("kept");
    // The template with the failure store wins over Penstock's.
    const config = configFor({ topic, format: "json", dataStream: topic });
    await servers.kafka.createTopic(topic, 1);
    await putFailureStoreTemplate(servers.elasticsearch, topic, { pattern: topic, field: "n" });
    await openFailureStore(servers.elasticsearch, topic, { n: "not ours" });
    // Indexed in another form after its own was refused and stored.
    await servers.kafka.produce(topic, [{ value: '{"n":"text"}' }]);
    {
      await using host = await startTestHost(config);
      await host.untilIndexed(topic, 1);
    }
    await servers.elasticsearch.count(topic);
    expect(await storedIn(topic)).toEqual(["foreign:1", expect.stringContaining(`${topic}:0:0:`) as never]);
    const { body } = await servers.elasticsearch.request("GET", `/${topic}::failures/_settings`);
    const [index = ""] = Object.keys(body);
    await put(`/${index}/_settings`, { "index.blocks.write": true });
    const { failureStores } = await replay(config);
    expect(failureStores).toMatchObject({ cleared: 0, open: 0 });
    expect(failureStores.problems.join()).toContain("could not be deleted: Elasticsearch answered 403");
    await put(`/${index}/_settings`, { "index.blocks.write": false });
    expect((await replay(config)).failureStores).toMatchObject({ cleared: 1, problems: [] });
  }, 240_000);
});
