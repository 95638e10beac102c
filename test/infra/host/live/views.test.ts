import { expect, test } from "bun:test";
import { createHistory } from "../../../../infra/host/live/history.ts";
import { overviewOf } from "../../../../infra/host/live/views.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";
import { ready } from "../http/fixture.ts";

test.each([
  [[null, null], null],
  [[null, 5], 5],
  [[2, 5], 7],
])("lags of %p are %p in all", (lags, lag) => {
  const statuses = lags.map((each, n) =>
    topicStatus({ topic: `t${n}`, partitions: [partitionStatus({ lag: each })] }),
  );
  const seen = overviewOf({
    at: 0,
    startedAt: 0,
    statuses,
    health: ready,
    inFlight: { bytes: 0, maxBytes: 1 },
    sources: [],
    reconciled: null,
    history: createHistory(),
  });
  expect(seen.lag).toBe(lag);
});
