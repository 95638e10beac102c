import type { BrokenVariant } from "./break-source.ts";
import { sentVariants } from "./sent-variants.ts";

/** Each is a plausible mistake. */
export const variants: readonly BrokenVariant[] = [
  ...sentVariants,
  {
    name: "commits what was fetched and has no outcome yet",
    noticedAt: 1,
    edits: [
      {
        file: "lib/rules/offsets/offset-window.ts",
        find: "return this.#expected[this.#head] ?? this.#end;",
        replace: "return this.#end;",
      },
    ],
  },
  {
    name: "forgets the generation: what was lost with it is still held in the next one",
    noticedAt: 206,
    edits: [
      {
        file: "lib/adapters/kafka/group/ownership/subscription-state.ts",
        find: "return this.owned.endAll();",
        replace: "return [];",
      },
    ],
  },
  {
    name: "goes on with partitions after the group has taken them away",
    noticedAt: 2,
    edits: [
      {
        file: "infra/host/topic/intake.ts",
        find: "await Promise.all(byTopic(tenures).map(([topic, some]) => topic.settle(some)));",
        replace: "await Promise.resolve(byTopic(tenures));",
      },
    ],
  },
  {
    name: "hands partitions over before what is in flight of them is finished",
    noticedAt: 747,
    edits: [
      {
        file: "lib/adapters/kafka/group/ownership/revocations.ts",
        find: "await Promise.race([listener.onRevoke(tenures), over.promise]);",
        replace: "void listener.onRevoke(tenures);",
      },
    ],
  },
  {
    name: "gives partitions away while a living member holds them",
    noticedAt: 2,
    edits: [
      {
        file: "lib/rules/group/claims.ts",
        find: "if (holder !== NOBODY && known >= subscription.generation) continue;",
        replace: "continue;",
      },
    ],
  },
  {
    name: "commits for partitions that were lost",
    noticedAt: 206,
    edits: [
      {
        file: "infra/host/topic/intake.ts",
        find: "          topic.drop(some);\n          topic.taker.onChange();",
        replace: "          void some;\n          topic.taker.onChange();",
      },
      {
        file: "infra/host/ledger/partition-entry.ts",
        find: "return window.committable !== settled && !tenure.ended;",
        replace: "return window.committable !== settled;",
      },
      {
        file: "lib/adapters/kafka/group/coordinator/commits.ts",
        find: 'giveUp(({ tenure }) => tenure.ended, "TENURE_ENDED");',
        replace: "",
      },
    ],
  },
  {
    name: "loses what came in between when a partition is led by another broker",
    noticedAt: 37,
    edits: [
      {
        file: "lib/adapters/kafka/reader/open-read.ts",
        find: '    this.isNew = true;\n    this.lane = "backlog";',
        replace:
          '    this.isNew = true;\n    this.lane = "backlog";\n    this.offset = Math.max(this.offset, this.#end);',
      },
      {
        file: "infra/host/ledger/partition-ledger.ts",
        find: "entry.leaving || start !== entry.window.end",
        replace: "entry.leaving || start < entry.window.end",
      },
    ],
  },
  {
    name: "takes a fetch session that is gone for partitions without records",
    noticedAt: 53,
    edits: [
      {
        file: "lib/rules/fetch/session.ts",
        find: "if (error !== null) {",
        replace: "if (error !== null) return true;\n    if (error !== null) {",
      },
    ],
  },
  {
    name: "takes a bulk whose answer got lost for indexed",
    noticedAt: 8,
    edits: [
      {
        file: "functions/ingest-batch/bulk-attempt.ts",
        find: 'if ("failure" in answer || answer.items.length === sent) return answer;',
        replace:
          'if ("failure" in answer && answer.failure.kind !== "response") return { items: Array.from({ length: sent }, () => ({ status: 201, result: "created", error: null })) };\n      if ("failure" in answer || answer.items.length === sent) return answer;',
      },
    ],
  },
  {
    name: "does not send again what Elasticsearch had no room for",
    noticedAt: 60,
    edits: [
      {
        file: "lib/rules/outcomes/outcome.ts",
        find: "  if (status < 300) return",
        replace: '  if (status === 429) return { kind: "skipped" };\n  if (status < 300) return',
      },
    ],
  },
  {
    name: "takes a document that is there already for the record's fault",
    noticedAt: 47,
    edits: [
      {
        file: "lib/rules/outcomes/outcome.ts",
        find: 'return { kind: "duplicate" };',
        replace: 'return { kind: "rejected", rejection: { status, ...error, index: context.index } };',
      },
    ],
  },
  {
    name: "counts a dead letter that was refused as kept",
    noticedAt: 55,
    edits: [
      {
        file: "functions/ingest-batch.ts",
        find: 'return { code: "dead_letter_unavailable", message: `the dead-letter topic: ${messageOf(thrown)}` };',
        replace: "void messageOf(thrown);",
      },
    ],
  },
  {
    name: "lets go of what waits without reading it again",
    noticedAt: 145,
    edits: [
      {
        file: "infra/host/pump/pump.ts",
        find: "const moved = new Set(this.#ledger.rewind());",
        replace: "const moved = new Set([...this.#ledger.entries].slice(0, 0));",
      },
    ],
  },
  {
    name: "does not look whether the log is still the one that was read",
    noticedAt: 3_735,
    edits: [
      {
        file: "infra/host/inlet/inlet.ts",
        find: "if (found !== undefined && found.timestamp !== this.#check.timestamp) {",
        replace: "if (found !== undefined && found.timestamp === Infinity) {",
      },
    ],
  },
  {
    name: "goes on at the log's end where retention was faster",
    noticedAt: 76,
    edits: [
      {
        file: "lib/rules/offsets/position.ts",
        find: "return { start: logStart, check: null, lost };",
        replace: "return { start: logEnd, check: null, lost };",
      },
    ],
  },
  {
    name: "gives memory back for all but what was tried in vain",
    noticedAt: 17,
    edits: [
      {
        file: "infra/host/pump/sending.ts",
        find: "    this.#deps.share.give(bytesOfAll(settled));",
        replace: "    if (!attempt.inVain) this.#deps.share.give(bytesOfAll(settled));",
      },
    ],
  },
  {
    name: "never tries again what was refused",
    noticedAt: 5,
    edits: [
      {
        file: "infra/host/pump/sending.ts",
        find: "await attempt.pause(time, backoffMs(RETRY_BACKOFF, number, time.random()));",
        replace: "await attempt.pause(time, number * 1e9);",
      },
    ],
  },
  {
    name: "does not join again when other topics are wanted",
    noticedAt: 1,
    edits: [
      {
        file: "lib/adapters/kafka/group/ownership/subscription-state.ts",
        find: "isCurrent(this.#last, this.#wanted, this.owned)",
        replace: "this.#last.generation >= 0",
      },
    ],
  },
  {
    name: "counts commits that were refused",
    noticedAt: 146,
    edits: [
      {
        file: "infra/host/shares/committer.ts",
        find: "if (why === undefined) topic.committed(entry);",
        replace: "if (why !== null) topic.committed(entry);",
      },
      {
        file: "lib/adapters/kafka/group/coordinator/commits.ts",
        find: "for (const { error } of answered) if (error !== null && isAboutAll(error, answered.length)) return error;",
        replace: "",
      },
    ],
  },
  {
    name: "leaves without committing what was in flight",
    noticedAt: 1,
    edits: [
      {
        file: "infra/host/pump/pump.ts",
        find: "      await this.#deps.committer.flush(this, undefined, signal);\n      return !this.#cutOff && this.#ledger.sentIsCommitted;",
        replace: "      return true;",
      },
    ],
  },
];
