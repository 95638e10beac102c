const refused = /^\s*$|\p{Cc}/u;
const control = /\p{Cc}/gu;

/**
 * A field's name as Elasticsearch takes it: `_` for one that is empty or blank, U+FFFD for each control character. Those
 * it takes, but nobody can type them, and `flattened` fields end a name at NUL.
 */
export function cleanName(name: string): string {
  if (!refused.test(name)) return name;
  return name.trim() === "" ? "_" : name.replace(control, "\uFFFD");
}
