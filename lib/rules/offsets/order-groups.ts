/** The kinds of orders that are kept in Kafka, each in a group of its own: a partition has one order of each kind at a time. */
export const orderKinds = ["holds", "rewinds", "rebuilds", "rebuild-positions"] as const;

/** The group whose commits are the orders of a kind. @param group the hosts' own consumer group, `kafka.group` */
export function orderGroup(group: string, kind: (typeof orderKinds)[number]): string {
  return `${group}.${kind}`;
}

/** The broker's default for `offset.metadata.max.bytes`. */
export const maxOrderBytes = 4_096;

/** What a person ordered about one partition of a topic. */
export interface StoredOrder {
  readonly topic: string;
  readonly partition: number;
  /** At least 0. What it means depends on the kind of order. */
  readonly offset: number;
  /** JSON of at most {@link maxOrderBytes}; empty: there is no order any more. */
  readonly metadata: string;
}
