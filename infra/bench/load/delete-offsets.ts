import { connect } from "node:net";
import { BinaryReader, BinaryWriter } from "../../../lib/rules/group/protocol/binary.ts";

/** OffsetDelete (KIP-496), which kafkajs lacks: the only way to delete the offsets of a group that has members. */
const OFFSET_DELETE = 47;
const CORRELATION_ID = 1;
const NONE = 0;
/** There is no such group, so there is nothing to delete. */
const GROUP_ID_NOT_FOUND = 69;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Deletes the offsets that a group committed for these topics.
 * @param broker the coordinator of the group
 * @returns false if a member still reads one of the topics, or has not told the broker yet that it stopped
 */
export async function deleteOffsets(
  broker: string,
  groupId: string,
  partitions: ReadonlyMap<string, number>,
): Promise<boolean> {
  const request = new BinaryWriter();
  request.int32(0).int16(OFFSET_DELETE).int16(0).int32(CORRELATION_ID).string("bench").string(groupId);
  request.array([...partitions], ([topic, count]) => {
    const all = Array.from({ length: count }, (_, partition) => partition);
    request.string(topic).array(all, (partition) => void request.int32(partition));
  });
  request.setInt32(0, request.written.length - 4);
  const errors = errorsIn(await exchange(broker, request.written));
  return errors.every((error) => error === NONE || error === GROUP_ID_NOT_FOUND);
}

/** The group's error, then one for each partition. */
function errorsIn(answer: Buffer): number[] {
  const reader = new BinaryReader(answer);
  const correlationId = reader.int32();
  if (correlationId !== CORRELATION_ID) throw new Error(`an answer to request ${correlationId}`);
  const errors = [reader.int16()];
  // throttle_time_ms
  reader.int32();
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    reader.string();
    for (let partitions = reader.int32(); partitions > 0; partitions -= 1) {
      reader.int32();
      errors.push(reader.int16());
    }
  }
  return errors;
}

/** @returns the answer without its length */
async function exchange(broker: string, request: Buffer): Promise<Buffer> {
  const [host = "", port] = broker.split(":");
  const socket = connect({ host, port: Number(port), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const answered = Promise.withResolvers<Buffer>();
  let received = Buffer.alloc(0);
  socket.on("error", answered.reject);
  socket.on("close", () => answered.reject(new Error(`${broker} closed the connection without an answer`)));
  socket.on("data", (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0))
      answered.resolve(received.subarray(4));
  });
  socket.write(request);
  try {
    return await answered.promise;
  } finally {
    socket.destroy();
  }
}
