/** What is missing for reading the failure store of this data stream. */
export function unreadable(stream: string): string {
  return `The failure store of ${stream} cannot be read: the index privilege read_failure_store is missing on ${stream}.`;
}

/** Why documents in the failure store of this data stream stay although their records are in the index. */
export function uncleared(stream: string, reason: string): string {
  return `Documents in the failure store of ${stream} could not be deleted: ${reason.replace(/\.$/, "")}.`;
}
