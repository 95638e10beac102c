/**
 * Kafka's least (`group.min.session.timeout.ms`), possible because heartbeats have nothing to do with how long a bulk takes. The partitions of a
 * host that was killed stand still for as long.
 */
export const SESSION_TIMEOUT_MS = 6_000;
/**
 * How long a rebalance waits for a member that sends heartbeats and does not join. Longer than giving up partitions may take, with room for
 * what the rounds before took.
 */
export const REBALANCE_TIMEOUT_MS = 10_000;
/** How soon a rebalance is noticed. */
export const HEARTBEAT_MS = 300;
/** Several have to fail before a session is over. */
export const HEARTBEAT_TIMEOUT_MS = 2_000;
/** What is in flight of partitions that go to another member has so long to be finished. */
export const REVOKE_MS = 5_000;
/** For the answer alone; the broker may wait for other members before it. */
export const JOIN_TIMEOUT_MS = 5_000;
/** Until the leader has asked for metadata, shared out and answered. It is heard of by a heartbeat when it is gone. */
export const SYNC_TIMEOUT_MS = 15_000;
export const FIND_MS = 3_000;
export const METADATA_MS = 3_000;
export const COMMIT_MS = 5_000;
export const LEAVE_MS = 2_000;
/** New partitions are noticed so soon. */
export const WATCH_MS = 30_000;
/** What the leader could not give is looked for again so soon. */
export const LOOK_AGAIN_MS = 1_000;
/** The first time, where a topic is new to the group: one that was just created is known to all brokers within some milliseconds. */
export const LOOK_SOON_MS = 50;
/**
 * How long what is held is kept while brokers answer, and the group's coordinator does not. Without a coordinator the group cannot go on without
 * us, and one that takes over counts every session anew (`GroupCoordinator.onGroupLoaded`). A broker that died is found dead after 9 s
 * (`broker.session.timeout.ms`), 18 with ZooKeeper; then the group's log has to be read.
 */
export const COORDINATOR_GONE_MS = 30_000;
/** A failure shorter than this is nothing to tell: a coordinator that moves takes some hundred milliseconds. */
export const TROUBLE_AFTER_MS = 2_000;
/** What is left out for want of room is tried once more: the limit may have been raised. */
export const ROOM_AGAIN_MS = 600_000;
