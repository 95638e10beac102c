/**
 * Where Elasticsearch's reasons name the field they are about (`DocumentParsingException`, `FieldMapper`,
 * `ObjectMapper`, `StrictDynamicMappingException`, Lucene's `IndexingChain`).
 */
const fieldPatterns = [
  // Of a value within a list the field itself is told as "null".
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

/** Of a reason; the name stands near its beginning, and what follows may quote the document, which may be megabytes. */
const MAX_READ = 1_024;

/** The field that a document was rejected for, with dots; null where the reason names none. */
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
 * Whether a document that brings no field of its own record may be taken without `log.level`: a mapping has no place for it,
 * or is full.
 */
export function isAboutLevel(reason: string): boolean {
  const field = rejectedField(reason);
  return field === "log" || field === "log.level" || fullMapping.test(reason.slice(0, MAX_READ));
}
