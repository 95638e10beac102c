/** Elasticsearch's answer to a search, as text. */
export function searchAnswer(hits: readonly string[], rest: object = {}): string {
  const answer = JSON.stringify({ took: 3, timed_out: false, _shards: { total: 1, failed: 0 }, ...rest });
  const total = '{"value":' + String(hits.length) + ',"relation":"eq"}';
  return `${answer.slice(0, -1)},"hits":{"total":${total},"max_score":null,"hits":[${hits.join(" , ")}]}}`;
}

export interface AnsweredHit {
  readonly offset: number;
  /** As it was written; null if not requested. */
  readonly source?: string | null;
  readonly marked?: string;
  readonly tags?: readonly string[];
  readonly ignored?: readonly string[];
}

/** One hit of topic `app` at 2026-03-04T12:00:00Z. */
export function answeredHit({
  offset,
  source = '{"message":"m"}',
  marked,
  tags,
  ignored,
}: AnsweredHit): string {
  const members = [
    '"_index":"app-1"',
    `"_id":"app:0:${offset}:x"`,
    '"_score":null',
    ...(ignored === undefined ? [] : [`"_ignored":${JSON.stringify(ignored)}`]),
    ...(source === null ? [] : [`"_source": ${source}`]),
    ...(marked === undefined ? [] : [`"highlight":{"message":[${JSON.stringify(marked)}]}`]),
    `"fields":${JSON.stringify({ "kafka.topic": ["app"], ...(tags && { tags }) })}`,
    `"sort":[${Date.UTC(2026, 2, 4, 12)},0,${offset},"app-1",${offset}]`,
  ];
  return `{${members.join(",")}}`;
}
