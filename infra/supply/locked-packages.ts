import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** A package that is pinned in bun.lock and installed here. */
export interface LockedPackage {
  /** Its unique key in bun.lock: `etcd3`, or `etcd3/@grpc/proto-loader` for a version that only etcd3 uses. */
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** Subresource Integrity (https://www.w3.org/TR/SRI/) of the archive: `sha512-<base64>`. */
  readonly integrity: string;
  /** Whether the host needs it, and not only building and testing. */
  readonly isProduction: boolean;
  /** The places of its installed dependencies. */
  readonly dependencies: readonly string[];
  /** The path of the patch that package.json applies to it; null if none. */
  readonly patch: string | null;
  /** Its own package.json. */
  readonly manifest: Manifest;
}

const manifestShape = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().exactOptional(),
});
export type Manifest = z.infer<typeof manifestShape>;

const versions = z.record(z.string(), z.string()).default({});
const lockShape = z.object({
  lockfileVersion: z.literal(2),
  workspaces: z.object({ "": z.object({ dependencies: versions, devDependencies: versions }) }),
  patchedDependencies: versions,
  packages: z.record(
    z.string(),
    z.tuple([
      z.string().describe("name@version"),
      z.string().describe("where it comes from; empty: the registry"),
      z.object({ dependencies: versions, optionalDependencies: versions, peerDependencies: versions }),
      z.string().describe("integrity"),
    ]),
  ),
});

/**
 * Reads the packages of bun.lock that are installed in node_modules, in the order of the file. Native packages for other machines
 * are not installed.
 * @param top the folder of package.json
 * @throws ZodError if bun.lock or a package.json has an unknown form
 */
export async function readLockedPackages(top: string): Promise<LockedPackage[]> {
  const lock = lockShape.parse(Bun.JSONC.parse(await readFile(join(top, "bun.lock"), "utf8")));
  const manifests = new Map<string, Manifest>();
  for (const place of Object.keys(lock.packages)) {
    const file = Bun.file(
      join(top, "node_modules", ...namesIn(place).join("/node_modules/").split("/"), "package.json"),
    );
    if (await file.exists()) manifests.set(place, manifestShape.parse(await file.json()));
  }
  const dependenciesOf = (place: string): string[] => {
    const [, , { dependencies, optionalDependencies, peerDependencies }] =
      lock.packages[place] ?? absent(place);
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    return names.flatMap((name) => resolve(name, place, manifests) ?? []);
  };
  const production = reached(Object.keys(lock.workspaces[""].dependencies), dependenciesOf);
  return [...manifests].map(([place, manifest]) => {
    const [identity, , , integrity] = lock.packages[place] ?? absent(place);
    const at = identity.lastIndexOf("@");
    return {
      place,
      name: identity.slice(0, at),
      version: identity.slice(at + 1),
      integrity,
      isProduction: production.has(place),
      dependencies: dependenciesOf(place),
      patch: lock.patchedDependencies[identity] ?? null,
      manifest,
    };
  });
}

/** Resolves like Node: first inside the dependant, then further out. Undefined: not installed here. */
function resolve(name: string, place: string, installed: ReadonlyMap<string, unknown>): string | undefined {
  const around = namesIn(place);
  const candidates = [...around.keys(), around.length].map((depth) =>
    [...around.slice(0, depth), name].join("/"),
  );
  return candidates.findLast((candidate) => installed.has(candidate));
}

function reached(from: readonly string[], next: (place: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const waiting = [...from]; waiting.length > 0;) {
    const place = waiting.pop();
    if (place === undefined || seen.has(place)) continue;
    seen.add(place);
    waiting.push(...next(place));
  }
  return seen;
}

/** Splits a place into packages, outermost first: `a/@scope/b` is `a` and inside it `@scope/b`. */
function namesIn(place: string): string[] {
  return place.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}

function absent(place: string): never {
  throw new Error(`bun.lock has no ${place}`);
}
