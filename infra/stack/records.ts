import { Kafka, logLevel, Partitioners } from "kafkajs";

/** Makes a topic, with as many replicas as there are brokers. @returns false if it was there already */
export async function makeTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<boolean> {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  try {
    return await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: brokers.length }],
    });
  } finally {
    await admin.disconnect();
  }
}

/** Sends each line as a record, as it comes, its bytes untouched. @returns how many were sent */
export async function sendLines(
  brokers: readonly string[],
  topic: string,
  input: AsyncIterable<Uint8Array>,
): Promise<number> {
  const producer = clientOf(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  let sent = 0;
  const send = async (lines: readonly Buffer[]): Promise<void> => {
    if (lines.length === 0) return;
    await producer.send({ topic, acks: -1, messages: lines.map((value) => ({ value })) });
    sent += lines.length;
  };
  try {
    let rest = Buffer.alloc(0);
    for await (const bytes of input) {
      const { lines, tail } = linesOf(Buffer.concat([rest, bytes]));
      rest = tail;
      await send(lines);
    }
    if (rest.length > 0) await send([rest]);
    return sent;
  } finally {
    await producer.disconnect();
  }
}

function linesOf(bytes: Buffer<ArrayBuffer>): { lines: Buffer[]; tail: Buffer<ArrayBuffer> } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf("\n"); end >= 0; end = bytes.indexOf("\n", start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, tail: bytes.subarray(start) };
}

function clientOf(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], clientId: "stack", logLevel: logLevel.NOTHING });
}
