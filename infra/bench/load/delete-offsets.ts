import { connect } from "node:net";

/** OffsetDelete (KIP-496), which kafkajs does not know: the only way to forget what a group that has members committed. */
const OFFSET_DELETE = 47;
const CORRELATION_ID = 1;
const NONE = 0;
/** There is no such group: nothing to forget. */
const GROUP_ID_NOT_FOUND = 69;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Forgets what the group committed of these topics.
 * @param broker which coordinates the group
 * @returns false where a member still reads one of them, or has not told the broker yet that it does not
 */
export async function deleteOffsets(
  broker: string,
  groupId: string,
  partitions: ReadonlyMap<string, number>,
): Promise<boolean> {
  const answer = await exchange(broker, requestOf(groupId, partitions));
  const errors = errorsIn(answer);
  return errors.every((error) => error === NONE || error === GROUP_ID_NOT_FOUND);
}

function requestOf(groupId: string, partitions: ReadonlyMap<string, number>): Buffer {
  const body = Buffer.concat([
    int16(OFFSET_DELETE),
    int16(0),
    int32(CORRELATION_ID),
    text("bench"),
    text(groupId),
    int32(partitions.size),
    ...[...partitions].map(([topic, count]) => Buffer.concat([text(topic), allOf(count)])),
  ]);
  return Buffer.concat([int32(body.length), body]);
}

/** Every partition of a topic. */
function allOf(count: number): Buffer {
  const numbers = Array.from({ length: count }, (_, partition) => int32(partition));
  return Buffer.concat([int32(count), ...numbers]);
}

/** The group's, then one a partition. */
function errorsIn(answer: Buffer): number[] {
  let at = 4;
  const next = (bytes: 2 | 4): number => {
    const value = bytes === 2 ? answer.readInt16BE(at) : answer.readInt32BE(at);
    at += bytes;
    return value;
  };
  const errors = [next(2)];
  // How long we were held back.
  next(4);
  for (let topics = next(4); topics > 0; topics -= 1) {
    const name = next(2);
    at += name;
    for (let partitions = next(4); partitions > 0; partitions -= 1) {
      next(4);
      errors.push(next(2));
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

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
