import type { BinaryWriter } from "../../../rules/group/protocol/binary.ts";
import { readError, type ApiCodec } from "./codec.ts";
import type { GroupToken } from "./wire.ts";

/** Static membership (KIP-345) is not used. */
const NO_INSTANCE = null;

function writeToken(writer: BinaryWriter, { groupId, generation, memberId }: GroupToken): void {
  writer.string(groupId).int32(generation).string(memberId);
}

/** The broker assigns member ids (KIP-394). */
export const joinGroup: ApiCodec<"JoinGroup"> = {
  key: 11,
  version: 5,
  mayWaitMs: ({ rebalanceTimeoutMs }) => rebalanceTimeoutMs,
  encode(writer, request) {
    writer.string(request.groupId).int32(request.sessionTimeoutMs).int32(request.rebalanceTimeoutMs);
    writer.string(request.memberId).nullableString(NO_INSTANCE).string(request.protocolType);
    writer.array(request.protocols, ({ name, metadata }) => writer.string(name).bytes(metadata));
  },
  decode: (reader) => ({
    error: readError(reader),
    generation: reader.int32(),
    protocol: reader.string(),
    leader: reader.string(),
    memberId: reader.string(),
    members: reader.array(() => {
      const memberId = reader.string();
      reader.nullableString();
      return { memberId, metadata: reader.bytes() };
    }),
  }),
};

export const syncGroup: ApiCodec<"SyncGroup"> = {
  key: 14,
  version: 3,
  encode(writer, request) {
    writeToken(writer, request);
    writer.nullableString(NO_INSTANCE);
    writer.array(request.assignments, ({ memberId, assignment }) =>
      writer.string(memberId).bytes(assignment),
    );
  },
  decode: (reader) => ({ error: readError(reader), assignment: reader.bytes() }),
};

export const heartbeat: ApiCodec<"Heartbeat"> = {
  key: 12,
  version: 3,
  encode(writer, request) {
    writeToken(writer, request);
    writer.nullableString(NO_INSTANCE);
  },
  decode: (reader) => ({ error: readError(reader) }),
};

export const leaveGroup: ApiCodec<"LeaveGroup"> = {
  key: 13,
  version: 2,
  encode: (writer, { groupId, memberId }) => void writer.string(groupId).string(memberId),
  decode: (reader) => ({ error: readError(reader) }),
};
