import { expect, test } from "bun:test";
import { surveyFailureStores } from "../../../../../lib/adapters/elasticsearch/failure-store/survey.ts";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";

const signal = new AbortController().signal;

function refused(status: number, reason: string): PenstockError {
  return new PenstockError("elasticsearch_refused", `Elasticsearch answered ${status}`, {
    cause: { status, error: { type: "security_exception", reason } },
  });
}

/** A server with all of Elasticsearch's modules. The answers by the beginning of their paths. */
function server(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const ask = async ({ path }: Question): Promise<unknown> => {
    asked.push(path);
    const [, answer] = Object.entries(answers).find(([start]) => path.startsWith(start)) ?? [];
    if (answer === undefined) throw refused(400, `no handler found for uri [${path}] and method [GET]`);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, ask };
}

const resolved = {
  "/_resolve/index/logs-app,": {
    indices: [{ name: "plain" }],
    aliases: [{ name: "an-alias", indices: ".ds-behind-2026.01.01-000001" }],
    data_streams: [{ name: "logs-app" }, { name: "days-2026.01.01" }],
  },
  "/_resolve/index/.ds-behind": {
    indices: [{ name: ".ds-behind-2026.01.01-000001", data_stream: "behind" }],
    aliases: [],
    data_streams: [],
  },
};
const store = { enabled: true, indices: [{ index_name: ".fs-logs-app-000002" }] };
const streams = {
  data_streams: [
    { name: "logs-app", failure_store: store },
    // Switched on by the cluster's setting, and still empty.
    { name: "behind", failure_store: { enabled: true, indices: [] } },
    { name: "days-2026.01.01", failure_store: { enabled: false, indices: [] } },
  ],
};
const targets = ["logs-app", "plain", "an-alias", "days-*", "absent"];

test("finds the streams behind names, aliases and patterns, with their stores and this user's rights", async () => {
  const { ask, asked } = server({
    ...resolved,
    "/_data_stream/": streams,
    "/_security/": {
      index: {
        "logs-app": { read_failure_store: true },
        behind: { read_failure_store: false },
        ".fs-logs-app-000002": { delete: false },
      },
    },
  });
  const survey = await surveyFailureStores({ ask }, targets, signal);
  expect(survey.problems).toEqual([]);
  expect(survey.streams).toEqual([
    {
      stream: "logs-app",
      targets: ["logs-app"],
      enabled: true,
      indices: [".fs-logs-app-000002"],
      readable: true,
      clearable: false,
    },
    {
      stream: "days-2026.01.01",
      targets: ["days-*"],
      enabled: false,
      indices: [],
      readable: true,
      clearable: true,
    },
    { stream: "behind", targets: ["an-alias"], enabled: true, indices: [], readable: false, clearable: true },
  ]);
  expect(asked).toHaveLength(4);
});

test("without data streams it is one request", async () => {
  const { ask, asked } = server({ "/_resolve/": { indices: [{ name: "plain" }] } });
  expect(await surveyFailureStores({ ask }, ["plain"], signal)).toEqual({ streams: [], problems: [] });
  expect(asked).toHaveLength(1);
});

test("a missing right to see data streams is a problem; a deleted stream, or security that is off, is none", async () => {
  const forbidden = server({ ...resolved, "/_data_stream/": refused(403, "action is unauthorized") });
  const survey = await surveyFailureStores(forbidden, targets, signal);
  expect(survey.problems).toEqual([expect.stringContaining("view_index_metadata is missing")]);
  expect(survey.streams[0]).toMatchObject({ stream: "logs-app", enabled: null });
  const gone = server({ ...resolved, "/_data_stream/": refused(404, "no such index") });
  expect((await surveyFailureStores(gone, targets, signal)).problems).toEqual([]);
  const open = server({ ...resolved, "/_data_stream/": streams });
  expect((await surveyFailureStores(open, targets, signal)).streams[0]).toMatchObject({
    readable: true,
    clearable: true,
  });
});

test("one stream that is forbidden or gone does not hide the stores of the others", async () => {
  const { ask, asked } = server({
    ...resolved,
    "/_data_stream/logs-app,": refused(403, "action is unauthorized"),
    "/_data_stream/days-2026.01.01,": refused(403, "action is unauthorized"),
    "/_data_stream/logs-app": { data_streams: [{ name: "logs-app", failure_store: store }] },
    "/_data_stream/days-2026.01.01": refused(404, "no such index"),
    "/_data_stream/behind": refused(403, "action is unauthorized"),
    "/_security/": { index: {} },
  });
  const survey = await surveyFailureStores({ ask }, targets, signal);
  expect(survey.streams.map(({ stream, indices }) => [stream, indices])).toEqual([
    ["logs-app", [".fs-logs-app-000002"]],
    ["days-2026.01.01", []],
    ["behind", []],
  ]);
  expect(survey.problems).toEqual([
    expect.stringMatching(/^Whether behind have failure stores is not known/),
  ]);
  expect(asked.filter((path) => path.startsWith("/_data_stream/"))).toHaveLength(5);
});

test("an answer of another form is an error that names the place", async () => {
  const odd = server({ "/_resolve/": { data_streams: [{ name: 1 }] } });
  expect(await surveyFailureStores(odd, targets, signal).catch(String)).toContain(
    '(at "data_streams.0.name")',
  );
});

test("a server without the API of data streams tells it in its state, and leaves the rest to the cluster's setting", async () => {
  const state = (own: object) => ({ failure_indices: [], ...own });
  const layer = { data_streams: { failure_store: { enabled: ["beh*"] } } };
  const { ask, asked } = server({
    ...resolved,
    "/_cluster/state/metadata/": {
      metadata: {
        data_stream: {
          data_stream: {
            "logs-app": state({
              options: { failure_store: { enabled: false } },
              failure_indices: [{ index_name: ".fs-logs-app-000002" }],
            }),
            behind: state({}),
            "days-2026.01.01": state({}),
          },
        },
      },
    },
    "/_cluster/settings": { persistent: layer },
  });
  const { streams: found, problems } = await surveyFailureStores({ ask }, targets, signal);
  expect(problems).toEqual([]);
  expect(found.map(({ stream, enabled, indices }) => [stream, enabled, indices])).toEqual([
    ["logs-app", false, [".fs-logs-app-000002"]],
    ["days-2026.01.01", false, []],
    ["behind", true, []],
  ]);
  expect(asked).toHaveLength(6);
  const forbidden = server({ ...resolved, "/_cluster/state/": refused(403, "action is unauthorized") });
  expect(await surveyFailureStores(forbidden, targets, signal).catch(String)).toContain("answered 403");
});
