import { expect, test } from "bun:test";
import { readPromql } from "./promql.ts";

const exposed = new Map([
  ["requests_total", new Set(["topic", "outcome"])],
  ["seconds_bucket", new Set(["le"])],
  ["info", new Set(["version"])],
]);
const read = (expression: string) => readPromql(expression, exposed);

test.each([
  ['sum by (topic) (rate(requests_total{outcome="a",topic=~"$topic"}[$__rate_interval])) > 0', ["topic"]],
  ["sum(requests_total)", []],
  ["sum without (outcome) (requests_total)", ["instance", "job", "topic"]],
  ["topk(3, sum by (topic) (requests_total))", ["topic"]],
  ["histogram_quantile(0.9, sum by (le, instance) (rate(seconds_bucket[5m])))", ["instance"]],
  ['absent(up{job="a"})', ["job"]],
  ["time() - info", ["instance", "job", "version"]],
  ["(time() - up) * on (instance) group_left (version) info", ["instance", "job", "version"]],
  [
    "deriv(sum by (topic) (requests_total)[30m:1m]) unless sum by (topic) (requests_total offset 1h)",
    ["topic"],
  ],
  ["count(info) or vector(0)", []],
])("%s has the labels %j", (expression, labels) => {
  const reading = read(expression);
  expect(reading.faults).toEqual([]);
  expect([...reading.labels].toSorted()).toEqual(labels);
});

test.each([
  ["sum by (topic) (rate(requests_total[5m])", "no PromQL"],
  ["request_total", "there is no metric request_total"],
  ['requests_total{reason="a"}', "requests_total has no label reason"],
  ["sum by (reason) (requests_total)", "has no label reason"],
  ["sum by (topic) (sum by (outcome) (requests_total))", "has no label topic"],
  ["histogram_quantile(0.9, sum(seconds_bucket))", "has no label le"],
  ["sum by (topic) (requests_total) / sum by (outcome) (requests_total)", "different labels"],
  ["up * on (instance) group_left (reason) info", "has no label reason"],
  ['{job="a"}', "names no metric"],
])("%s does not fit", (expression, fault) => {
  expect(read(expression).faults.join()).toContain(fault);
});
