/**
 * Kafka's minimum (`group.min.session.timeout.ms`), possible because heartbeats do not wait for bulks. The partitions
 * of a killed host stand still for this long.
 */
export const SESSION_TIMEOUT_MS = 6_000;
/**
 * How long a rebalance waits for a member that sends heartbeats but does not join. Longer than giving up partitions may
 * take, with room for the rounds before.
 */
export const REBALANCE_TIMEOUT_MS = 10_000;
/** Also the delay until a rebalance is noticed. */
export const HEARTBEAT_MS = 300;
/** Short enough that several heartbeats must fail before the session expires. */
export const HEARTBEAT_TIMEOUT_MS = 2_000;
/** Upper limit for finishing what is in flight when partitions are given up. */
export const REVOKE_MS = 5_000;
/** Added to the time for which the broker waits for other members. */
export const JOIN_TIMEOUT_MS = 5_000;
/** Covers the leader's metadata request and assignment. If the leader dies, a heartbeat tells us earlier. */
export const SYNC_TIMEOUT_MS = 15_000;
export const FIND_MS = 3_000;
export const METADATA_MS = 3_000;
export const COMMIT_MS = 5_000;
export const LEAVE_MS = 2_000;
/** Interval for noticing new partitions. */
export const WATCH_MS = 30_000;
/** Interval for retrying topics that the leader could not assign. */
export const LOOK_AGAIN_MS = 1_000;
/** The first retry if a topic is new to the group: all brokers know a new topic within some milliseconds. */
export const LOOK_SOON_MS = 50;
/**
 * How long owned partitions are kept while brokers answer but the group's coordinator does not. Without a coordinator
 * the group cannot rebalance, and its successor restarts every session (`GroupCoordinator.onGroupLoaded`). A dead
 * broker is detected after 9 s (`broker.session.timeout.ms`), 18 s with ZooKeeper; then the group's log must be read.
 */
export const COORDINATOR_GONE_MS = 30_000;
/** Shorter failures are not reported: a coordinator change takes some hundred milliseconds. */
export const TROUBLE_AFTER_MS = 2_000;
/** How long until topics left out for lack of room are tried again: the limit may have been raised. */
export const ROOM_AGAIN_MS = 600_000;
