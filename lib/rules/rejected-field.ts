/**
 * Where Elasticsearch's reasons name the field they are about (`DocumentParsingException`, `FieldMapper`,
 * `ObjectMapper`, `StrictDynamicMappingException`, Lucene's `IndexingChain`).
 */
const fieldPatterns = [
  /failed to parse field \[([^\]]+)\]/,
  /tried to parse field \[([^\]]+)\] as/,
  /mapper \[([^\]]+)\] cannot be changed/,
  /object mapping \[([^\]]+)\] can't be changed/,
  /merge a non.object mapping \[([^\]]+)\]/i,
  /immense term in field="([^"]+)"/,
  /[Ff]ield \[([^\]]+)\]/,
];
const strictMapping = /introduction of \[([^\]]+)\] within \[([^\]]+)\]/;

/** The field that a document was rejected for, with dots; null where the reason names none. */
export function rejectedField(reason: string): string | null {
  const strict = strictMapping.exec(reason);
  if (strict?.[1] !== undefined) return strict[2] === "_doc" ? strict[1] : `${strict[2]}.${strict[1]}`;
  for (const pattern of fieldPatterns) {
    const field = pattern.exec(reason)?.[1];
    if (field !== undefined) return field;
  }
  return null;
}
