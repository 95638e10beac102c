import type { ApiCodec } from "./codec.ts";
import { describeConfigs, describeGroups, listGroups } from "./describe-codecs.ts";
import { fetchCodec } from "./fetch-codec.ts";
import { heartbeat, joinGroup, leaveGroup, syncGroup } from "./group-codecs.ts";
import { findCoordinator, metadata } from "./metadata-codecs.ts";
import { listOffsets, offsetCommit, offsetFetch } from "./offset-codecs.ts";
import type { KafkaApi } from "./wire.ts";

/** The codec of each API. */
export const apiCodecs: { readonly [A in KafkaApi]: ApiCodec<A> } = {
  Metadata: metadata,
  FindCoordinator: findCoordinator,
  JoinGroup: joinGroup,
  SyncGroup: syncGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  OffsetCommit: offsetCommit,
  OffsetFetch: offsetFetch,
  ListOffsets: listOffsets,
  Fetch: fetchCodec,
  DescribeGroups: describeGroups,
  ListGroups: listGroups,
  DescribeConfigs: describeConfigs,
};
