import { join } from "node:path";
import { findJdk } from "../../infra/stack/jdk.ts";
import { kafkaJars } from "../../infra/stack/kafka.ts";
import { jarFolder } from "../../infra/stack/maven.ts";
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

/** Writes transactions with Java's own producer; the steps are those of Transact.java. */
export function transactWithJava(
  brokers: readonly string[],
  topic: string,
  steps: readonly string[],
): Promise<void> {
  return runJava("Transact.java", [brokers.join(), topic, ...steps]);
}

async function runJava(file: string, programArguments: readonly string[]): Promise<void> {
  const { home } = await findJdk(process.env);
  if (home === undefined) throw new Error("no JDK was found, although the servers run on one");
  const folder = jarFolder(kafkaJars, cacheFolder(process.env));
  await using child = Bun.spawn(
    [
      [join(home, "bin/java"), "-Xmx256m", "-cp", join(folder, "lib/*")],
      [join(import.meta.dir, file), ...programArguments],
    ].flat(),
    { stdout: "ignore", stderr: "pipe" },
  );
  const [complaint, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`Java's producer ended with ${code}: ${complaint}`);
}
