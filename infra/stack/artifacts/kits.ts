import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One of our own modules for Elasticsearch: a Java source in ../kits. */
interface Kit {
  readonly name: string;
  readonly className: string;
  readonly description: string;
  /** A nested class that declares the node's features. */
  readonly features?: string;
}

const kits: readonly Kit[] = [
  {
    name: "pipeline-kit",
    className: "PipelineKit",
    description: "Ingest processors and the failure store, for tests",
    features: "PipelineKit$Features",
  },
  { name: "mapping-kit", className: "MappingKit", description: "Analysis and a field type, for tests" },
];

const sourceOf = ({ className }: Kit): string => join(import.meta.dir, `../kits/${className}.java`);

/** Changes with the modules, so that a folder of jars with older modules is not used. */
export function kitsHash(): string {
  return Bun.hash(kits.map((kit) => readFileSync(sourceOf(kit), "utf8")).join("\n")).toString(36);
}

/**
 * Compiles our modules against the server's jars in `folder`/lib, and adds them to the server's modules.
 * @throws Error with the compiler's output
 */
export async function addKits(folder: string, jdkHome: string, serverVersion: string): Promise<void> {
  await Promise.all(kits.map((kit) => addKit(kit, folder, jdkHome, serverVersion)));
}

async function addKit(kit: Kit, folder: string, jdkHome: string, serverVersion: string): Promise<void> {
  const module = join(folder, "modules", kit.name);
  const classes = join(folder, kit.name);
  const services = join(classes, "META-INF/services");
  await mkdir(module, { recursive: true });
  await mkdir(services, { recursive: true });
  if (kit.features !== undefined) {
    const feature = "org.elasticsearch.features.FeatureSpecification";
    await writeFile(join(services, feature), `${kit.features}\n`);
  }
  const compiled = ["-nowarn", "-proc:none", "--release", "21", "-cp", join(folder, "lib/*"), "-d", classes];
  await run([join(jdkHome, "bin/javac"), ...compiled, sourceOf(kit)]);
  await run([join(jdkHome, "bin/jar"), "cf", join(module, `${kit.name}.jar`), "-C", classes, "."]);
  const descriptor = {
    name: kit.name,
    description: kit.description,
    version: serverVersion,
    "elasticsearch.version": serverVersion,
    "java.version": "21",
    classname: kit.className,
  };
  const lines = Object.entries(descriptor).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(module, "plugin-descriptor.properties"), lines.join(""));
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "ignore", "pipe"] });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed:\n${said}`);
}
