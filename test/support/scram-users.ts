import { pbkdf2Sync, randomBytes } from "node:crypto";
import { connect } from "node:net";

/** Kafka's numbers of the mechanisms. */
const MECHANISMS = {
  "scram-sha-256": { id: 1, digest: "sha256", bytes: 32 },
  "scram-sha-512": { id: 2, digest: "sha512", bytes: 64 },
} as const;
export type ScramMechanism = keyof typeof MECHANISMS;

const ITERATIONS = 4096;
const ALTER_USER_SCRAM_CREDENTIALS = 51;

/** Creates a user or changes its password; a null password removes it. kafkajs does not have this request. */
export async function setScramUser(
  broker: string,
  mechanism: ScramMechanism,
  name: string,
  password: string | null,
): Promise<void> {
  const { id, digest, bytes } = MECHANISMS[mechanism];
  const int8 = (value: number) => Buffer.from([value]);
  const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
  const int32 = (value: number) => {
    const buffer = Buffer.alloc(4);
    buffer.writeInt32BE(value);
    return buffer;
  };
  /** Compact bytes, strings and arrays start with their length plus one; all here are short. */
  const compact = (content: Buffer | string) =>
    Buffer.concat([varint(Buffer.byteLength(content) + 1), Buffer.from(content)]);
  const list = (...items: Buffer[]) => Buffer.concat([varint(items.length + 1), ...items]);
  const noTags = int8(0);

  const salt = randomBytes(16);
  const deletions = password === null ? [Buffer.concat([compact(name), int8(id), noTags])] : [];
  const upsertions =
    password === null
      ? []
      : [
          Buffer.concat([
            compact(name),
            int8(id),
            int32(ITERATIONS),
            compact(salt),
            compact(pbkdf2Sync(password, salt, ITERATIONS, bytes, digest)),
            noTags,
          ]),
        ];
  const clientId = Buffer.from("test");
  const answer = await exchange(
    broker,
    Buffer.concat([
      int16(ALTER_USER_SCRAM_CREDENTIALS),
      int16(0),
      int32(1),
      int16(clientId.length),
      clientId,
      noTags,
      list(...deletions),
      list(...upsertions),
      noTags,
    ]),
  );
  // Correlation id (4), tags (1), throttle time (4), length of the results (1), user, error code.
  const nameLength = answer.readUInt8(10) - 1;
  const errorCode = answer.readInt16BE(11 + nameLength);
  if (errorCode !== 0) throw new Error(`Kafka did not change ${name}: error ${errorCode}`);
}

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
}

/** Sends one request over its own connection. @returns the response without its size */
async function exchange(broker: string, request: Buffer): Promise<Buffer> {
  const [host = "", port] = broker.split(":");
  const socket = connect(Number(port), host);
  try {
    const size = Buffer.alloc(4);
    size.writeInt32BE(request.length);
    socket.write(Buffer.concat([size, request]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) return received.subarray(4);
    }
    throw new Error("Kafka closed the connection");
  } finally {
    socket.destroy();
  }
}
