const refused = /^\s*$|\p{Cc}/u;
const control = /\p{Cc}/gu;

/**
 * A field name that Elasticsearch accepts: `_` for an empty or blank one, U+FFFD for each control character. Elasticsearch
 * accepts those, but nobody can type them, and `flattened` fields end a name at NUL.
 */
export function cleanName(name: string): string {
  if (!refused.test(name)) return name;
  return name.trim() === "" ? "_" : name.replace(control, "\uFFFD");
}
