/** The kinds of orders that are kept in Kafka, each in a group of its own: a partition has one order of each kind at a time. */
export const orderKinds = ["holds", "rewinds", "rebuilds", "rebuild-positions"] as const;

/** The group whose commits are the orders of a kind. @param group the hosts' own consumer group, `kafka.group` */
export function orderGroup(group: string, kind: (typeof orderKinds)[number]): string {
  return `${group}.${kind}`;
}
