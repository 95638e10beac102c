/**
 * How Elasticsearch's reasons name the field they are about (`DocumentParsingException`, `FieldMapper`,
 * `ObjectMapper`, `StrictDynamicMappingException`, Lucene's `IndexingChain`).
 */
const fieldPatterns = [
  // First, because for a value within a list the reason names the field itself "null".
  /object mapping for \[([^\]]+)\] tried to parse field/,
  /failed to parse field \[([^\]]+)\]/,
  /mapper \[([^\]]+)\] cannot be changed/,
  /object mapping \[([^\]]+)\] can't be changed/,
  /merge a non.object mapping \[([^\]]+)\]/i,
  /immense term in field="([^"]+)"/,
  /^\[?Field name \[([^\]]+)\]/,
  /Duplicate field '([^']+)'/,
  /[Ff]ield \[([^\]]+)\]/,
];
const fullMapping = /(?:^|: )Limit of total fields \[/;
const strictMapping = /introduction of \[([^\]]+)\] within \[([^\]]+)\]/;

/** A reason names the field near its beginning, and may then quote megabytes of the document. */
const MAX_READ = 1_024;

/** Returns the dotted name of the field for which a document was rejected; null if the reason names none. */
export function rejectedField(whole: string): string | null {
  const reason = whole.slice(0, MAX_READ);
  const strict = strictMapping.exec(reason);
  if (strict?.[1] !== undefined) return strict[2] === "_doc" ? strict[1] : `${strict[2]}.${strict[1]}`;
  for (const pattern of fieldPatterns) {
    const field = pattern.exec(reason)?.[1];
    if (field !== undefined) return field;
  }
  return null;
}

/**
 * Whether a document without fields of the record's own may be accepted without `log.level`: the mapping refuses that,
 * or is full.
 */
export function isAboutLevel(reason: string): boolean {
  const field = rejectedField(reason);
  return field === "log" || field === "log.level" || fullMapping.test(reason.slice(0, MAX_READ));
}
