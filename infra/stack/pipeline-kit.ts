import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const source = join(import.meta.dir, "PipelineKit.java");

/** Changes with the module, so that a folder of jars with an older one is not taken for this one's. */
export function pipelineKitHash(): string {
  return Bun.hash(readFileSync(source)).toString(36);
}

/**
 * Compiles the module with ingest processors against the server's jars in `folder`/lib, and lays it among the server's
 * modules. @throws Error with what the compiler said
 */
export async function addPipelineKit(folder: string, jdkHome: string, serverVersion: string): Promise<void> {
  const module = join(folder, "modules/pipeline-kit");
  const classes = join(folder, "pipeline-kit");
  const services = join(classes, "META-INF/services");
  await mkdir(module, { recursive: true });
  await mkdir(services, { recursive: true });
  const feature = "org.elasticsearch.features.FeatureSpecification";
  await writeFile(join(services, feature), "PipelineKit$Features\n");
  const classPath = join(folder, "lib/*");
  await run([
    join(jdkHome, "bin/javac"),
    "-nowarn",
    "-proc:none",
    "--release",
    "21",
    "-cp",
    classPath,
    "-d",
    classes,
    source,
  ]);
  await run([join(jdkHome, "bin/jar"), "cf", join(module, "pipeline-kit.jar"), "-C", classes, "."]);
  const descriptor = {
    name: "pipeline-kit",
    description: "Ingest processors and the failure store, for tests",
    version: serverVersion,
    "elasticsearch.version": serverVersion,
    "java.version": "21",
    classname: "PipelineKit",
  };
  const lines = Object.entries(descriptor).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(module, "plugin-descriptor.properties"), lines.join(""));
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "pipe"] });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed:\n${said}`);
}
