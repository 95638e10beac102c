import { cp, lstat, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import dockerignore from "@balena/dockerignore";
import { BASE_ENVIRONMENT, BASE_HOMES, BASE_IMAGE, createBase } from "./base.ts";
import { type Mount, startContainer } from "./container.ts";
import { readDockerfile, type Step } from "./dockerfile.ts";

/** The result of a stage of a Dockerfile. */
export interface Image {
  /** The folder that is its file system. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly entrypoint: readonly string[];
  /** Arguments of the entry point if none are given. */
  readonly arguments: readonly string[];
  readonly healthCheck: readonly string[];
}

/**
 * Replays a Dockerfile step by step in empty folders, with this machine's Bun as its base image.
 * @param context the build context; its .dockerignore applies
 * @returns the last stage, in a folder that disposing it removes
 * @throws Error for what Docker would refuse, for a RUN that fails, and for a step that cannot be replayed
 */
export async function buildImage(dockerfile: string, context: string): Promise<Image & AsyncDisposable> {
  const stages = readDockerfile(await readFile(dockerfile, "utf8"));
  const isIgnored = dockerignore().add(await readFile(join(context, ".dockerignore"), "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "penstock-image-"));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const base: Image = {
      root: join(folder, "base"),
      environment: BASE_ENVIRONMENT,
      workingFolder: "/home/bun/app",
      user: { uid: 0, gid: 0 },
      entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
      arguments: [],
      healthCheck: [],
    };
    await createBase(base.root);
    const images = new Map<string, Image>([[BASE_IMAGE, base]]);
    let last = base;
    for (const [index, stage] of stages.entries()) {
      const from = images.get(stage.base);
      if (from === undefined)
        throw new Error(`FROM ${stage.base}: neither a stage nor ${BASE_IMAGE}, Bun's own image`);
      const root = join(folder, `stage-${index}`);
      // Nothing writes into existing files, so stages may share them.
      await Bun.$`cp --archive --link ${from.root} ${root}`.quiet();
      last = { ...from, root };
      for (const step of stage.steps)
        last = await applied(last, step, { context, images, isIgnored: (path) => isIgnored.ignores(path) });
      if (stage.name !== null) images.set(stage.name, last);
    }
    return { ...last, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Surroundings {
  readonly context: string;
  readonly images: ReadonlyMap<string, Image>;
  readonly isIgnored: (path: string) => boolean;
}

/** The image after one more step. */
async function applied(image: Image, step: Step, around: Surroundings): Promise<Image> {
  switch (step.name) {
    case "WORKDIR":
      await mkdir(join(image.root, step.path), { recursive: true });
      return { ...image, workingFolder: step.path };
    case "COPY":
      for (const source of step.sources) await copy(image, step, source, around);
      return image;
    case "RUN":
      await run(image, step.command);
      return image;
    case "ENV":
      return { ...image, environment: { ...image.environment, ...step.entries } };
    case "USER":
      return { ...image, user: { uid: step.uid, gid: step.gid } };
    case "ENTRYPOINT":
      return { ...image, entrypoint: step.command };
    case "CMD":
      return { ...image, arguments: step.command };
    case "HEALTHCHECK":
      return { ...image, healthCheck: step.command };
    // These inform people and engines, but change nothing inside.
    case "EXPOSE":
    case "LABEL":
      return image;
  }
}

/** A folder's content goes into the target; a file becomes the target, or goes into it if it ends in a slash. */
async function copy(
  { root, workingFolder }: Image,
  { from, sources, target }: Step & { name: "COPY" },
  source: string,
  { context, images, isIgnored }: Surroundings,
): Promise<void> {
  const place = join(root, resolve(workingFolder, target));
  if (from !== null) {
    const stage = images.get(from);
    if (stage === undefined) throw new Error(`COPY --from=${from}: there is no such stage`);
    await mkdir(place, { recursive: true });
    await Bun.$`cp --archive --link ${join(stage.root, resolve("/", source))}/. ${place}`.quiet();
    return;
  }
  const path = join(context, source);
  const isFolder = (await lstat(path)).isDirectory();
  if (!isFolder && sources.length > 1 && !target.endsWith("/"))
    throw new Error(`COPY ${source}: the target of several has to end in a slash`);
  const found = isFolder ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
  const paths = isFolder
    ? found.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
    : [path];
  const taken = paths.filter((file) => !isIgnored(relative(context, file)));
  if (taken.length === 0) throw new Error(`COPY ${source}: .dockerignore leaves nothing of it`);
  for (const file of taken) {
    const inPlace = target.endsWith("/") ? join(place, basename(file)) : place;
    const to = isFolder ? join(place, relative(path, file)) : inPlace;
    await mkdir(dirname(to), { recursive: true });
    await cp(file, to, { errorOnExist: true, force: false });
  }
}

/** How this machine reaches its registry, if not directly. */
const TO_REGISTRY = /^((https?|no|all)_proxy|npm_config_.*|bun_config_.*)$/i;

/**
 * Runs a build command inside. This machine's settings for the registry, and Bun's cache, so that
 * nothing is fetched twice, are mounted over /root while it runs: none of it stays in the image.
 */
async function run(image: Image, command: readonly string[]): Promise<void> {
  const home = BASE_HOMES[image.user.uid] ?? "/";
  const cache = (await Bun.$`${process.execPath} pm cache`.text()).trim();
  const lent = await mkdtemp(join(tmpdir(), "penstock-build-"));
  try {
    await Promise.all([mkdir(join(lent, "cache")), mkdir(cache, { recursive: true })]);
    const mounts: Mount[] = [
      { source: lent, target: home, isWritable: true },
      { source: cache, target: `${home}/cache`, isWritable: true },
      { source: "/etc/resolv.conf", target: "/etc/resolv.conf" },
      { source: "/etc/hosts", target: "/etc/hosts" },
    ];
    const authority = process.env["NODE_EXTRA_CA_CERTS"];
    const files = [join(homedir(), ".npmrc"), join(homedir(), ".bunfig.toml"), authority];
    for (const source of files) {
      if (source === undefined || !(await Bun.file(source).exists())) continue;
      await writeFile(join(lent, basename(source)), "");
      mounts.push({ source, target: join(home, basename(source)) });
    }
    const borrowed = Object.entries(process.env).filter(([name]) => TO_REGISTRY.test(name));
    await using said = await open(join(lent, "said"), "w+");
    const { exited } = await startContainer({
      ...image,
      isWritable: true,
      command,
      environment: {
        ...image.environment,
        ...(Object.fromEntries(borrowed) as Record<string, string>),
        ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: join(home, basename(authority)) }),
        BUN_INSTALL_CACHE_DIR: `${home}/cache`,
        HOME: home,
      },
      mounts,
      stderr: said.fd,
    });
    const code = await exited;
    if (code !== 0) {
      const reason = await readFile(join(lent, "said"), "utf8");
      throw new Error(`RUN ${command.join(" ")}: exit code ${code}: ${reason}`);
    }
  } finally {
    await rm(lent, { recursive: true, force: true });
  }
}
