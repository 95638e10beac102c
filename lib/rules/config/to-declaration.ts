import type { Declaration, SourceRef } from "../model/declaration.ts";
import type { DeclarationInput } from "./schema.ts";

/** Turns a valid entry, short or long, into a declaration. */
export function toDeclaration(entry: string | DeclarationInput, source: SourceRef): Declaration {
  const { topic, pattern, path, index, startAt, format, timestamp, message, pipeline, rejected } =
    typeof entry === "string" ? shortForm(entry) : entry;
  return {
    target: topic === undefined ? { kind: "pattern", pattern: pattern ?? "" } : { kind: "topic", topic },
    options: {
      path: path ?? null,
      index: index ?? null,
      startAt,
      format,
      timestamp: timestamp ?? null,
      message: message ?? null,
      pipeline: pipeline ?? null,
      rejected: rejected ?? "flatten",
    },
    source,
  };
}

function shortForm(topic: string): DeclarationInput {
  return { topic, startAt: "earliest", format: "text" };
}
