import { join } from "node:path";
import { SMALL_JVM } from "../../infra/stack/process/ground.ts";
import { findJdk } from "../../infra/stack/artifacts/jdk.ts";
import { DEFAULT_KAFKA, kafkaJars, type KafkaVersion } from "../../infra/stack/artifacts/kafka-versions.ts";
import { jarFolder } from "../../infra/stack/artifacts/maven.ts";
import { cacheFolder } from "../../infra/stack/stack.ts";

/** Writes `count` records to each topic, compressed by Java's own producer with the codec given for it. */
export function produceWithJava(
  brokers: readonly string[],
  count: number,
  codecs: ReadonlyMap<string, string>,
): Promise<void> {
  const topics = [...codecs].map(([topic, codec]) => `${topic}=${codec}`);
  return runJava("Produce.java", [brokers.join(), String(count), ...topics]);
}

/** Writes transactions with Java's own producer; Transact.java describes the steps. */
export function transactWithJava(
  brokers: readonly string[],
  topic: string,
  steps: readonly string[],
): Promise<void> {
  return runJava("Transact.java", [brokers.join(), topic, ...steps]);
}

/** Makes the first replica of each partition its leader. */
export function electPreferredWithJava(brokers: readonly string[], kafka: KafkaVersion): Promise<void> {
  return runJava("Elect.java", [brokers.join()], kafka);
}

/** Writes records at a steady pace, whatever happens to a broker. */
export interface SteadyJava extends AsyncDisposable {
  /** Resolves with the number of records per topic once all are acknowledged. Their keys count from 0. */
  stop(): Promise<ReadonlyMap<string, number>>;
}

/** Spreads numbered records over topics and partitions with Java's own producer, which never writes one twice. */
export async function produceSteadilyWithJava(
  brokers: readonly string[],
  topics: readonly string[],
  {
    perSecond,
    partitions,
    kafka,
  }: { readonly perSecond: number; readonly partitions: number; readonly kafka?: KafkaVersion },
): Promise<SteadyJava> {
  const words = [brokers.join(), String(perSecond), String(partitions), ...topics];
  const child = await startJava("Steady.java", words, kafka);
  return {
    async stop() {
      await child.stdin.end();
      const lines = (await outputOf(child)).trim().split("\n");
      return new Map(
        lines.map((line) => line.split(" ")).map(([topic = "", count]) => [topic, Number(count)]),
      );
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** A member of a group with Kafka's newer protocol. */
export interface JavaMember extends AsyncDisposable {
  /** The numbers of partitions it has had, in order. */
  readonly held: readonly number[];
  /** Resolves when it has left the group. */
  leave(): Promise<void>;
}

export async function joinWithJava(
  brokers: readonly string[],
  group: string,
  topic: string,
): Promise<JavaMember> {
  const child = await startJava("Member.java", [brokers.join(), group, topic]);
  const held: number[] = [];
  const reading = (async () => {
    for await (const line of child.stdout.pipeThrough(new TextDecoderStream()))
      held.push(...line.trim().split("\n").map(Number));
  })();
  return {
    held,
    async leave() {
      await child.stdin.write("\n");
      await child.stdin.flush();
      await child.exited;
      await reading;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function runJava(
  file: string,
  programArguments: readonly string[],
  kafka?: KafkaVersion,
): Promise<void> {
  await using child = await startJava(file, programArguments, kafka);
  await outputOf(child);
}

async function outputOf(child: JavaProcess): Promise<string> {
  const [out, complaint, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`Java's producer ended with ${code}: ${complaint}`);
  return out;
}

type JavaProcess = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** @param kafka the broker, because its jars are installed */
async function startJava(
  file: string,
  programArguments: readonly string[],
  kafka: KafkaVersion = DEFAULT_KAFKA,
): Promise<JavaProcess> {
  const { home } = await findJdk(process.env);
  if (home === undefined) throw new Error("no JDK was found, although the servers run on one");
  const folder = jarFolder(kafkaJars(kafka), cacheFolder(process.env));
  return Bun.spawn(
    [
      [join(home, "bin/java"), "-Xmx256m", ...SMALL_JVM, "-cp", join(folder, "lib/*")],
      [join(import.meta.dir, file), ...programArguments],
    ].flat(),
    { stdin: "pipe", stdout: "pipe", stderr: "pipe" },
  );
}
