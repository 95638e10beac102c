/**
 * Orders topics independently of their names. In order of name, similar topics are often adjacent or equally spaced,
 * and all of them could end up with the same member.
 */
export function inTurn(topics: Iterable<string>): string[] {
  return [...topics]
    .map((topic) => ({ topic, rank: hashOf(topic) }))
    .sort((a, b) => a.rank - b.rank || (a.topic < b.topic ? -1 : 1))
    .map(({ topic }) => topic);
}

/** FNV-1a plus a final mix: by itself it leaves names that differ only in their last letter close together. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
