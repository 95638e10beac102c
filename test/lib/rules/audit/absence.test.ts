import { describe, expect, test } from "bun:test";
import { createAbsenceExplainer, type AuditTarget } from "../../../../lib/rules/audit/absence.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

/** A target that is one index, or a dated pattern. */
const target = (...open: string[]): AuditTarget => ({
  open: new Set(open),
  generations: null,
  hasStrayed: false,
  isPartial: false,
  firstOffsets: new Map(),
  hasPipeline: () => false,
});

/** 2026-01-02. */
const record = sourceRecord("line");

describe("why a record is neither indexed nor among the dead letters", () => {
  test("it has no value", () => {
    const explain = createAbsenceExplainer(specification(), target());
    expect(explain(sourceRecord(null))).toEqual({ kind: "null" });
  });

  test("its dated index was deleted", () => {
    const spec = specification({ index: "logs-{yyyy.MM.dd}" });
    const explain = createAbsenceExplainer(spec, target("logs-2026.01.03"));
    expect(explain(record)).toEqual({ kind: "expired", index: "logs-2026.01.02" });
  });

  test("its dated index exists, so it is a gap", () => {
    const spec = specification({ index: "logs-{yyyy.MM.dd}" });
    expect(createAbsenceExplainer(spec, target("logs-2026.01.02"))(record)).toEqual({ kind: "gap" });
  });

  test("the day is the event's own if declared", () => {
    const spec = specification({ index: "logs-{yyyy.MM.dd}", format: "json", timestamp: "time" });
    const explain = createAbsenceExplainer(spec, target("logs-2026.01.02"));
    expect(explain(sourceRecord('{"time":"2025-12-31T23:00:00Z"}'))).toEqual({
      kind: "expired",
      index: "logs-2025.12.31",
    });
  });

  test("an index that its field chose was deleted, if the topic ever used it", () => {
    const spec = specification({ index: "logs-{app}", format: "json" });
    const indices = {
      choose: ({ name, fallback }: { name: string; fallback: string }) =>
        name === "logs-new" ? fallback : name,
      isTaken: (index: string) => index === "logs-web",
    };
    const explain = createAbsenceExplainer(spec, target("logs-db"), indices);
    expect(explain(sourceRecord('{"app":"web"}'))).toEqual({ kind: "expired", index: "logs-web" });
    for (const lost of ['{"app":"db"}', '{"app":"new"}', "no JSON"])
      expect(explain(sourceRecord(lost))).toEqual({ kind: "gap" });
  });

  test("a deleted only index of the topic is no excuse", () => {
    expect(createAbsenceExplainer(specification(), target())(record)).toEqual({ kind: "gap" });
  });

  test("a pipeline may have dropped it", () => {
    const explain = createAbsenceExplainer(specification({ pipeline: "p" }), target("app"));
    expect(explain(record)).toEqual({ kind: "dropped" });
    expect(explain(sourceRecord(null))).toEqual({ kind: "null" });
  });

  test("a record that Penstock itself rejects should have a dead letter, pipeline or not", () => {
    const explain = createAbsenceExplainer(specification({ pipeline: "p" }), target("app"));
    expect(explain(sourceRecord("line", { timestamp: -1 }))).toEqual({ kind: "gap" });
  });
});
