import { childrenOf } from "../../../../../lib/rules/search/fields/flat-fields.ts";

/** The JSON indented by two spaces per level, with its values as written. */
export function prettyJson(raw: string, indent = ""): string {
  const children = childrenOf(raw);
  if (children === null) return raw.trim();
  const [open, close] = children.isList ? ["[", "]"] : ["{", "}"];
  if (children.entries.length === 0) return open + close;
  const deeper = `${indent}  `;
  const lines = children.entries.map(
    ({ label, rawValue }) => `${deeper}${label}${prettyJson(rawValue, deeper)}`,
  );
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}
