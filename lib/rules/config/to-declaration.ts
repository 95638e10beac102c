import type { Declaration, SourceRef } from "../model/declaration.ts";
import type { DeclarationInput } from "./schema.ts";

/** Turns a valid entry, short or long, into a declaration. */
export function toDeclaration(entry: string | DeclarationInput, source: SourceRef): Declaration {
  const {
    topic,
    pattern,
    exclude = [],
    path,
    startAt,
    format,
    rejected,
    ...others
  } = typeof entry === "string" ? shortForm(entry) : entry;
  return {
    target:
      topic === undefined
        ? { kind: "pattern", pattern: pattern ?? "", ...(exclude.length > 0 && { exclude }) }
        : { kind: "topic", topic },
    options: {
      path: path ?? null,
      index: others.index ?? null,
      dataStream: others.dataStream ?? null,
      retention: others.retention ?? null,
      startAt,
      format,
      timestamp: others.timestamp ?? null,
      message: others.message ?? null,
      pipeline: others.pipeline ?? null,
      rejected: rejected ?? "flatten",
      hold: others.hold ?? false,
    },
    source,
  };
}

function shortForm(topic: string): DeclarationInput {
  return { topic, startAt: "earliest", format: "text" };
}
