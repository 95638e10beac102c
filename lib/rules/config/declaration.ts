import type { Declaration, SourceRef } from "../declaration.ts";
import type { DeclarationInput } from "./schema.ts";

/** A valid entry, short or long, as a declaration. */
export function toDeclaration(entry: string | DeclarationInput, source: SourceRef): Declaration {
  const { topic, pattern, path, index, startAt, format, timestamp, pipeline, overflow } =
    typeof entry === "string" ? shortForm(entry) : entry;
  return {
    target: topic === undefined ? { kind: "pattern", pattern: pattern ?? "" } : { kind: "topic", topic },
    options: {
      path: path ?? null,
      index: index ?? null,
      startAt,
      format,
      timestamp: timestamp ?? null,
      pipeline: pipeline ?? null,
      overflow,
    },
    source,
  };
}

function shortForm(topic: string): DeclarationInput {
  return { topic, startAt: "earliest", format: "text", overflow: "dead-letter" };
}
