import { expect, test } from "bun:test";
import { setUp } from "../../fixture.ts";

const event = {
  at: 5,
  host: "h1",
  kind: "trouble",
  topics: ["app"],
  more: false,
  text: "a topic stalled",
  fields: {},
} as const;

function world() {
  const asked: unknown[] = [];
  const { ask } = setUp(
    {},
    {
      history: {
        problem: "Kafka does not answer",
        events: (...about) => {
          asked.push(about);
          return Promise.resolve([event]);
        },
        series: (...about) => {
          asked.push(about);
          const none = { lag: [], indexed: [], duplicate: [], deadLettered: [], skipped: [] };
          return Promise.resolve({ from: 0, stepMs: 60_000, ...none });
        },
      },
      now: () => 100_000_000,
    },
  );
  return { ask, asked };
}

test("answers events, with what may be missing", async () => {
  const { ask, asked } = world();
  const answer = await ask("/history?topic=app&kinds=trouble,order&from=now-1s&to=99999999");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ events: [event], next: null, problem: "Kafka does not answer" });
  await ask("/history");
  expect(asked).toEqual([
    [{ topic: "app", kinds: ["trouble", "order"], fromMs: 99_999_000, toMs: 99_999_999 }, 200],
    [{ topic: null, kinds: [], fromMs: 13_600_000, toMs: Infinity }, 200],
  ]);
});

test("a page whose end the clock has passed is an answer", async () => {
  const { ask, asked } = world();
  expect((await ask("/history?from=-1h&to=5")).status).toBe(200);
  expect(asked).toEqual([[{ topic: null, kinds: [], fromMs: 96_400_000, toMs: 5 }, 200]]);
});

test("answers figures of a topic or of all", async () => {
  const { ask, asked } = world();
  expect(await (await ask("/history/series?topic=app&span=7d")).json()).toMatchObject({ stepMs: 60_000 });
  await ask("/history/series");
  expect(asked).toEqual([
    ["app", 604_800_000],
    [null, 86_400_000],
  ]);
});

test.each([
  ["/history?kinds=trouble,zzz", 'kinds "trouble,zzz" must be one or several of host, '],
  ["/history?from=yesterday", 'from "yesterday" must be ISO 8601'],
  ["/history?from=1970-01-02&to=1970-01-01", 'from "1970-01-02" must not be after to'],
  ["/history?from=now-1h&to=now-2h", 'from "now-1h" must not be after to'],
  ["/history?topic=a%20b", 'topic "a b" is not a Kafka topic name'],
  ["/history/series?span=2d", 'span "2d" must be 1h, 6h, 24h or 7d'],
])("%s is refused", async (path, said) => {
  const { ask } = world();
  const answer = await ask(path);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(JSON.stringify(said).slice(1, -1));
});
