import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import type { Play } from "./play.ts";

/** Cuts in a row, each as soon as something has moved again. */
const CUTS = 3;
const DELAY_MS = 200;

/** The servers work, but their connections fail. */
export function describeConnectionFaults(play: Play): void {
  describe("connections to Elasticsearch", () => {
    test.concurrent(
      "cut while bulks are on their way, and in the middle of an answer",
      () =>
        play({ fault: "Elasticsearch connections cut" }, async ({ replicas: [host], untilMoved }) => {
          for (let cut = 0; cut < CUTS; cut += 1) {
            await eventually("a bulk is on its way", () => host.lane.traffic.inFlight > 0);
            host.lane.elasticsearch.cut();
            await untilMoved();
            host.lane.elasticsearch.cutInAnswer();
            await untilMoved();
          }
        }),
      1_200_000,
    );

    test.concurrent(
      "delayed",
      () =>
        play({ fault: `Elasticsearch ${DELAY_MS} ms away` }, async ({ replicas: [host], untilMoved }) => {
          host.lane.elasticsearch.delay(DELAY_MS);
          await untilMoved(10_000);
          host.lane.elasticsearch.delay(0);
        }),
      1_200_000,
    );

    test.concurrent(
      "half-open: ended by the request timeout",
      () =>
        play(
          { fault: "Elasticsearch half-open", requestTimeout: "10s" },
          async ({ replicas: [host], untilMoved, over }) => {
            await eventually("a bulk is on its way", () => host.lane.traffic.inFlight > 0);
            host.lane.elasticsearch.halfOpen();
            over();
            await untilMoved(10_000);
          },
        ),
      1_200_000,
    );
  });

  describe("connections to Kafka", () => {
    test.concurrent(
      "cut, and in the middle of an answer",
      () =>
        play({ fault: "Kafka connections cut" }, async ({ replicas: [host], untilMoved }) => {
          for (let cut = 0; cut < CUTS; cut += 1) {
            host.lane.kafka.cut();
            await untilMoved();
            // Most answers are records: a consumer must not take the rest of one for the beginning of another.
            host.lane.kafka.cutInAnswer();
            await untilMoved();
          }
        }),
      1_200_000,
    );

    test.concurrent(
      "delayed",
      () =>
        play({ fault: `Kafka ${DELAY_MS} ms away` }, async ({ replicas: [host], untilMoved }) => {
          host.lane.kafka.delay(DELAY_MS);
          await untilMoved(10_000);
          host.lane.kafka.delay(0);
        }),
      1_200_000,
    );

    test.concurrent(
      "half-open: ended by the request timeout",
      () =>
        play({ fault: "Kafka half-open" }, async ({ replicas: [host], untilMoved, acknowledged, over }) => {
          host.lane.kafka.halfOpen();
          over();
          await untilMoved(10_000);
          expect(acknowledged.commits).toBeGreaterThan(0);
        }),
      1_200_000,
    );
  });
}
