import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGuard } from "../process/guard.ts";
import { lastLines } from "../process/server.ts";

/** `group:artifact:version` of Maven, e.g. `org.apache.kafka:kafka_2.13:4.1.1`. */
export type Coordinates = `${string}:${string}:${string}`;

/** A set of jars, by what is asked for; what those need comes along. */
export interface JarSet {
  name: string;
  artifacts: readonly Coordinates[];
  /** Brings the copied jars into the layout the server wants, once, before others see the folder. */
  arrange?(folder: string, jdkHome: string): Promise<void>;
}

export interface FetchOptions {
  cacheFolder: string;
  jdkHome: string;
  mvn: string;
  environment: Readonly<Record<string, string | undefined>>;
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Where a set's jars lie once fetched: `lib/` and whatever `arrange` made. Another set of artifacts has another folder. */
export function jarFolder({ name, artifacts }: JarSet, cacheFolder: string): string {
  return join(cacheFolder, "jars", `${name}-${Bun.hash(artifacts.join("\n")).toString(36)}`);
}

/**
 * Fetches the jars unless they are there. Everything happens in a folder of its own, with a Maven repository of its own,
 * and appears at once by renaming: runs at the same time do not meet, and one cut short leaves nothing behind.
 */
export async function fetchJars(jars: JarSet, options: FetchOptions): Promise<string> {
  const target = jarFolder(jars, options.cacheFolder);
  if (await exists(target)) return target;
  options.signal?.throwIfAborted();
  await using guard = await createGuard(`${target}.${crypto.randomUUID()}.tmp`);
  await writeFile(join(guard.folder, "pom.xml"), pom(jars.artifacts));
  const logFile = join(guard.folder, "maven.log");
  const fetched = join(guard.folder, "fetched");
  const { exited } = await guard.spawn({
    command: [options.mvn, ...mavenArguments(guard.folder, join(fetched, "lib"))],
    environment: { ...options.environment, JAVA_HOME: options.jdkHome },
    logFile,
  });
  const stopMeasuring = measure(guard.folder, options.onBytes);
  const onAbort = (): void => void guard.end();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const { code } = await exited;
  options.signal?.removeEventListener("abort", onAbort);
  await stopMeasuring();
  options.signal?.throwIfAborted();
  if (code !== 0)
    throw new Error(`Maven could not fetch ${jars.artifacts.join(", ")}:\n${await lastLines(logFile, 20)}`);
  await jars.arrange?.(fetched, options.jdkHome);
  await appear(fetched, target);
  return target;
}

function mavenArguments(folder: string, libFolder: string): string[] {
  return [
    "--quiet",
    "--batch-mode",
    "-Dstyle.color=never",
    `--file=${join(folder, "pom.xml")}`,
    `-Dmaven.repo.local=${join(folder, "repository")}`,
    "dependency:copy-dependencies",
    `-DoutputDirectory=${libFolder}`,
    "-DincludeScope=runtime",
  ];
}

/** A project that does nothing but depend on the artifacts. */
export function pom(artifacts: readonly Coordinates[]): string {
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "<modelVersion>4.0.0</modelVersion>",
    "<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>",
    `<dependencies>\n${dependencies.join("\n")}\n</dependencies>`,
    "</project>\n",
  ].join("\n");
}

/** Reports the folder's size until the returned function is called. */
function measure(folder: string, onBytes?: (bytes: number) => void): () => Promise<void> {
  if (onBytes === undefined) return () => Promise.resolve();
  const stopped = new AbortController();
  const done = (async () => {
    while (!stopped.signal.aborted) {
      onBytes(await folderBytes(folder));
      await Bun.sleep(250);
    }
  })();
  return () => {
    stopped.abort();
    return done;
  };
}

/** Files may vanish while it looks: Maven renames what has arrived. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile()) bytes += info.size;
  }
  return bytes;
}

async function appear(from: string, to: string): Promise<void> {
  await mkdir(join(to, "../.."), { recursive: true });
  try {
    await rename(from, to);
  } catch (error) {
    // Another run was faster; its folder is complete.
    if (!(await exists(to))) throw error;
  }
}

/** Whether there is a file or folder. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
