import type { BrokenVariant } from "./break-source.ts";

/** Mistakes by which a record is sent again, to another index than the first time. */
export const sentVariants: readonly BrokenVariant[] = [
  {
    name: "does not look up what was sent before an assignment",
    noticedAt: 40,
    edits: [
      {
        file: "infra/host/inlet/sent-look-up.ts",
        find: "doubtBelow: Math.max(position.start, found + 1) };",
        replace: "doubtBelow: Math.min(position.start, found + 1) };",
      },
    ],
  },
  {
    name: "does not look up what it sent without getting an answer",
    noticedAt: 37,
    edits: [
      {
        file: "infra/host/pump/sending.ts",
        find: 'unsure === "maybe_sent" && this.mayMove ? allInDoubt : null;',
        replace: 'unsure === "maybe_sent" && !this.mayMove ? allInDoubt : null;',
      },
    ],
  },
  {
    name: "looks up while bulks are still under way",
    noticedAt: 86,
    edits: [
      {
        file: "lib/adapters/elasticsearch/sent/settling.ts",
        find: "if (item.busy.size === 0) quiet.push(item);",
        replace: "if (item.busy.size >= 0) quiet.push(item);",
      },
    ],
  },
  {
    name: "looks up without a refresh",
    noticedAt: 37,
    edits: [
      {
        file: "lib/adapters/elasticsearch/sent/settling.ts",
        find: "const places = [...new Set(items.flatMap(placesOf))];",
        replace: "const places = [...new Set(items.flatMap(placesOf))].slice(0, 0);",
      },
    ],
  },
  {
    name: "sends doubtful records the short way",
    noticedAt: 86,
    edits: [
      {
        file: "infra/host/pump/topic-sender.ts",
        find: "    if (this.#isDoubtful) return null;\n",
        replace: "",
      },
    ],
  },
  {
    name: "sends what waited for a place although another host has its partition, or may have it",
    noticedAt: 2_069,
    edits: [
      {
        file: "infra/host/bulks/bulk-requests.ts",
        find: "else if (!part.isAnswered && !part.isDue())",
        replace: "else if (!part.isAnswered && part.isDue() === null)",
      },
      {
        file: "infra/host/bulks/bulk-requests.ts",
        find: "else if (part.mayMove && !isSure)",
        replace: "else if (part.mayMove && isSure === null)",
      },
    ],
  },
  {
    name: "does not look up where records went under another name",
    noticedAt: 75,
    edits: [
      {
        file: "lib/adapters/elasticsearch/sent/sent-before.ts",
        find: "for (const one of placesIn(place)) if (one !== this.spec.index) places.add(one);",
        replace: "void [place, places];",
      },
    ],
  },
  {
    name: "takes a stream that was not there yet for an index",
    noticedAt: 86,
    edits: [
      {
        file: "lib/adapters/elasticsearch/sent/sent-before.ts",
        find: 'return this.#target?.kind !== "fixed";',
        replace: 'return this.#target?.kind === "moving";',
      },
      {
        file: "lib/adapters/elasticsearch/sent/sent-before.ts",
        find: 'if (this.#target?.kind !== "absent" || this.#isAsking) return;',
        replace: "return;",
      },
    ],
  },
  {
    name: "does not look up what a truncated log still holds",
    noticedAt: 413,
    edits: [
      {
        file: "infra/host/pump/pump.ts",
        find: "if (mayMove) this.doubts.raise(tenure.partition, next, place);",
        replace: "void [mayMove, place];",
      },
    ],
  },
  {
    name: "sends the parts of a slow common request again before it is answered",
    noticedAt: 2_469,
    edits: [
      {
        file: "infra/host/bulks/bulk-requests.ts",
        find: "if (part.mayMove && mayBeExecuted(failure))",
        replace: "if (part.mayMove && !mayBeExecuted(failure))",
      },
    ],
  },
];
