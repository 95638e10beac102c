import type { Declaration, SourceRef, TopicOptions } from "../../lib/rules/model/declaration.ts";

/** The defaults of an entry. */
export const defaultOptions: TopicOptions = {
  path: null,
  index: null,
  startAt: "earliest",
  format: "text",
  timestamp: null,
  message: null,
  pipeline: null,
  dataStream: null,
  retention: null,
  rejected: "flatten",
  hold: false,
};

/** A declaration in the config file; a name with `*` or `?` is a pattern. */
export function declaration(
  name: string,
  options: Partial<TopicOptions> = {},
  source: Partial<SourceRef> = {},
): Declaration {
  return {
    target: /[*?]/.test(name) ? { kind: "pattern", pattern: name } : { kind: "topic", topic: name },
    options: { ...defaultOptions, ...options },
    source: { kind: "config", name: "config.yaml", revision: null, entry: 0, ...source },
  };
}
