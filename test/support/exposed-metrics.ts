import { createMetrics } from "../../lib/adapters/metrics/metrics.ts";
import { outcomeKinds } from "../../lib/rules/model/record.ts";

/** The label names of every sample that a host can expose, by the sample's name (`…_bucket`, `…_sum` and so on). */
export type ExposedMetrics = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads them from the text of a host that exposes every sample. */
export async function exposedMetrics(): Promise<ExposedMetrics> {
  const metrics = createMetrics();
  metrics.startTopic("app");
  for (const outcome of outcomeKinds) metrics.documents("app", outcome, 1);
  metrics.setLag("app", new Map([[0, 1]]));
  metrics.setRetentionLeft("app", new Map([[0, 1]]));
  metrics.setIgnored("app", new Map([["user.id", 1]]));
  const trouble = {
    since: "2026-11-22T12:00:00.000Z",
    attempts: 1,
    code: null,
    partitions: [0],
    records: 1,
    oldestAt: null,
    deletableAt: null,
  };
  metrics.setTopics([{ topic: "app", state: "running", trouble }]);
  metrics.setGaveWay([{ topic: "app", gaveWay: { err: 1 } }]);
  metrics.setChecks(new Map([["kafka", true]]));
  metrics.sourceRead("config", 1);
  metrics.bulkTook(1);
  metrics.reconciled("done", 1);
  const text = await metrics.text();

  const exposed = new Map<string, Set<string>>();
  const told = new Set<string>();
  for (const line of text.split("\n")) {
    const sample = /^([a-z_:]+)(?:\{(.*)\})? \S+$/.exec(line);
    if (sample === null) continue;
    const [, name = "", labels = ""] = sample;
    const names = exposed.get(name) ?? new Set();
    for (const [, label = ""] of labels.matchAll(/(\w+)="[^"]*"/g)) names.add(label);
    exposed.set(name, names);
    told.add(name.replace(/_(bucket|sum|count)$/, "")).add(name);
  }
  const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name);
  const silent = types.find((name) => !told.has(name));
  if (silent !== undefined) throw new Error(`${silent} has no sample, so its labels are not known`);
  return exposed;
}
