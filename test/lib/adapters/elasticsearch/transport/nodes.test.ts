import { describe, expect, setSystemTime, test } from "bun:test";
import { createElasticsearch, type Elasticsearch } from "../../../../../lib/adapters/elasticsearch/client.ts";
import type { BulkAnswer } from "../../../../../lib/rules/outcomes/bulk-answer.ts";
import { useReleases } from "../../../../support/releases.ts";
import { rejection } from "../../../../support/rejection.ts";
import { settings } from "../../../../support/settings.ts";

const releases = useReleases();

const signal = new AbortController().signal;

/** Healthy; silent; or answering this status to everything but requests about itself. */
type Mood = "well" | "hung" | number;

interface Node {
  readonly url: string;
  mood: Mood;
  /** Bulks it received. */
  bulks: number;
  requests: number;
}

function startNode(mood: Mood = "well"): Node {
  const headers = { "x-elastic-product": "Elasticsearch" };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    fetch(request) {
      const { pathname } = new URL(request.url);
      node.requests += 1;
      if (pathname === "/_bulk") node.bulks += 1;
      if (node.mood === "hung") return new Promise<Response>(() => {});
      if (pathname === "/_nodes") return Response.json({ nodes: { a: { version: "9.2.0" } } }, { headers });
      if (node.mood !== "well") {
        const error = { type: "master_not_discovered_exception", reason: "none" };
        return Response.json({ error }, { status: node.mood, headers });
      }
      if (pathname === "/_bulk") {
        const items = [{ create: { status: 201, result: "created" } }];
        return Response.json({ errors: false, items }, { headers });
      }
      const template = { index_patterns: ["a"], version: 99 };
      return Response.json({ index_templates: [{ index_template: template }] }, { headers });
    },
  });
  const node: Node = { url: `http://127.0.0.1:${server.port}`, mood, bulks: 0, requests: 0 };
  releases.push(() => server.stop(true));
  return node;
}

function connect(nodes: readonly { readonly url: string }[], requestTimeoutMs = 1_000): Elasticsearch {
  const { elasticsearch: usual } = settings();
  const elasticsearch = createElasticsearch({
    ...usual,
    nodes: nodes.map(({ url }) => url),
    bulk: { ...usual.bulk, requestTimeoutMs },
  });
  releases.push(() => elasticsearch.close());
  return elasticsearch;
}

const nobody = { url: "http://127.0.0.1:1" };
const bulk = (elasticsearch: Elasticsearch): Promise<BulkAnswer> =>
  elasticsearch.bulk("{}\n{}\n", { pipeline: null, operations: 1, signal });
const bulks = async (elasticsearch: Elasticsearch, count: number): Promise<BulkAnswer[]> => {
  const answers: BulkAnswer[] = [];
  for (let sent = 0; sent < count; sent += 1) answers.push(await bulk(elasticsearch));
  return answers;
};
const isWritten = (answer: BulkAnswer): boolean => "items" in answer;

describe("a node that hangs while records flow", () => {
  const costsOneTimeout = async (count: number): Promise<void> => {
    const nodes = Array.from({ length: count }, () => startNode());
    const elasticsearch = connect(nodes);
    await bulks(elasticsearch, count);
    const [hung] = nodes;
    if (hung === undefined) throw new Error("no node");
    hung.mood = "hung";
    const answers = await bulks(elasticsearch, 30);
    const failed = answers.filter((answer) => !isWritten(answer));
    expect(failed).toEqual([
      {
        failure: { kind: "timeout", message: `Elasticsearch at ${hung.url} did not answer within 1 s` },
      },
    ]);
  };
  // At the same time: each waits for a timeout.
  test("of two or three costs one timeout, is named, and is left out", async () => {
    await Promise.all([2, 3].map(costsOneTimeout));
  });

  test("holds no more than its share of the pending requests", async () => {
    const nodes = [startNode("hung"), startNode()] as const;
    const elasticsearch = connect(nodes, 5_000);
    // The version is known, and the node is not left out yet: its timeout has not passed.
    nodes[0].mood = "well";
    await bulks(elasticsearch, 2);
    nodes[0].mood = "hung";
    const before = nodes[0].bulks;
    const held: Promise<unknown>[] = [];
    const place = async (): Promise<void> => {
      for (let sent = 0; sent < 20; sent += 1) await bulk(elasticsearch);
    };
    for (let places = 0; places < 4; places += 1) held.push(place());
    // Two of four hang; the other requests all succeed.
    await Promise.race([held[0], held[1], held[2]]);
    expect(nodes[0].bulks - before).toBeLessThanOrEqual(2);
    await elasticsearch.close();
    nodes[0].mood = "well";
  });

  test("is pinged, and gets its share again once it answers", async () => {
    const nodes = [startNode(), startNode()] as const;
    const [hung, other] = nodes;
    const elasticsearch = connect(nodes);
    await bulks(elasticsearch, 2);
    hung.mood = "hung";
    await bulks(elasticsearch, 2);
    const before = hung.bulks;
    hung.mood = "well";
    // The pause after a first failure is over.
    setSystemTime(Date.now() + 1_000);
    releases.push(async () => void setSystemTime());
    while (hung.bulks === before) await bulk(elasticsearch);
    const from = [hung.bulks, other.bulks] as const;
    await bulks(elasticsearch, 10);
    expect([hung.bulks - from[0], other.bulks - from[1]]).toEqual([5, 5]);
  });
});

test("a node that refused a write gets no more, even though it still answers requests about itself", async () => {
  const nodes = [startNode(503), startNode()] as const;
  const elasticsearch = connect(nodes);
  const answers = await bulks(elasticsearch, 40);
  expect(answers.filter((answer) => !isWritten(answer)).length).toBeLessThanOrEqual(1);
  expect(nodes[1].bulks).toBeGreaterThanOrEqual(39);
});

// For a hanging node see test/integration/hung-node.test.ts.
test.each([
  ["is down", () => nobody],
  ["is no Elasticsearch", () => startStranger()],
])("a node that %s from the start does not prevent a start", async (_, start) => {
  const elasticsearch = connect([start(), startNode()]);
  await elasticsearch.ensureTemplate(["a"], signal);
  await elasticsearch.probe(signal);
  expect(isWritten(await bulk(elasticsearch))).toBe(true);
});

test("no probe fails while one of two nodes is healthy", async () => {
  const elasticsearch = connect([startNode(), nobody, startNode()]);
  for (let round = 0; round < 9; round += 1) await elasticsearch.probe(signal);
});

test("a node that has answered over http and closes a connection is not said to want https", async () => {
  const answer = "HTTP/1.1 500 Oh\r\nx-elastic-product: Elasticsearch\r\ncontent-length: 0\r\n\r\n";
  let requests = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        requests += 1;
        if (requests > 1) socket.end();
        else socket.end(answer);
      },
    },
  });
  releases.push(() => server.stop(true));
  const ask = async (elasticsearch: Elasticsearch) =>
    String(await rejection(elasticsearch.ask({ method: "GET", path: "/", timeoutMs: 5_000 }, signal)));
  const node = { url: `http://127.0.0.1:${server.port}` };
  const known = connect([node]);
  expect(await ask(known)).toContain("answered 500");
  expect(await ask(known)).toEndWith("it closed the connection");
  expect(await ask(connect([node]))).toEndWith("it closed the connection: it may require https");
});

test("a cluster without a master fails the probe, even though its nodes answer", async () => {
  const elasticsearch = connect([startNode(503), startNode(503)]);
  expect(await rejection(elasticsearch.probe(signal))).toMatchObject({
    code: "elasticsearch_unavailable",
    message:
      "the cluster has no master that answers: Elasticsearch answered 503 master_not_discovered_exception: none",
  });
});

test("a missing privilege to ask for the master blocks nothing", async () => {
  const elasticsearch = connect([startNode(403)]);
  await elasticsearch.probe(signal);
});

function startStranger(): { readonly url: string } {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("<html>") });
  releases.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}` };
}

test("a request that must not be made twice is sent to one node, others to all until one answers", async () => {
  const nodes = [startNode(503), startNode(503)];
  const elasticsearch = connect(nodes);
  await elasticsearch.probe(signal).catch(() => {});
  const requests = () => nodes.reduce((sum, node) => sum + node.requests, 0);
  const askedBy = async (once: boolean): Promise<number> => {
    const before = requests();
    await rejection(elasticsearch.ask({ method: "PUT", path: "/logs", timeoutMs: 5_000, once }, signal));
    return requests() - before;
  };
  expect(await askedBy(false)).toBe(2);
  expect(await askedBy(true)).toBe(1);
});
