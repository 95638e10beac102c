import { expect, test } from "bun:test";
import { fuzzHttp, type FuzzHttpResult } from "../support/fuzz/http.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily } from "../support/steady-producer.ts";

const servers = useStack();

const CASES = Number(process.env["PENSTOCK_FUZZ_CASES"] ?? 3_000);

test("hostile HTTP is refused or dropped, and the topics continue", async () => {
  const seed = Number(process.env["PENSTOCK_FUZZ_SEED"] ?? Date.now() % 1_000_000);
  process.stdout.write(`PENSTOCK_FUZZ_SEED=${seed}\n`);
  const topic = uniqueName("unshaken");
  const tokens = { token: uniqueName("full-access"), readOnlyToken: uniqueName("may-look") };
  await servers.kafka.createTopic(topic, 1);
  await using host = await startTestHost({
    ...servers.config,
    http: { port: 0, ...tokens },
    topics: [{ topic }],
  });
  const producer = produceSteadily(servers.kafka, topic);
  const headers = { authorization: `Bearer ${tokens.token}` };
  /** A bulk that was answered too late is sent again. */
  const indexed = async (): Promise<number> => {
    const answer = await host.fetch("/topics", { headers });
    const [status] = (await answer.json()) as { counts: { indexed: number; duplicate: number } }[];
    return (status?.counts.indexed ?? 0) + (status?.counts.duplicate ?? 0);
  };
  const result = await fuzzHttp({
    seed,
    ...tokens,
    topic,
    cases: CASES,
    url: host.url,
    pid: host.pid,
  });
  const sent = await producer.stop();
  process.stdout.write(`${summaryOf(result)}\n`);
  expect(result.faults).toEqual([]);
  for (let known = -1; known < sent; await Bun.sleep(100)) {
    const now = await indexed();
    expect(now).toBeGreaterThanOrEqual(known);
    known = now;
  }
  const errors = host.log().filter(({ level }) => level === "error");
  expect(errors).toEqual([]);
  expect(JSON.stringify(host.log())).not.toMatch(new RegExp(Object.values(tokens).join("|")));
}, 720_000);

function summaryOf({ outcomes, slow, faults, ...rest }: FuzzHttpResult): string {
  const lines = Object.entries(outcomes).map(([kind, counts]) => `${kind}: ${JSON.stringify(counts)}`);
  const borne = slow.map(
    ({ habit, connections, closedAfterMs }) => `${connections} × ${habit}: ${closedAfterMs} ms`,
  );
  return [JSON.stringify(rest), ...lines.toSorted(), ...borne, ...faults].join("\n");
}
