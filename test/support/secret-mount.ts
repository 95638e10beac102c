import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder as Kubernetes mounts a Secret: links through `..data`, which is swapped atomically. */
export interface SecretMount extends AsyncDisposable {
  path(name: string): string;
  /** Replaces the contents of these; the others stay. */
  rotate(contents: Readonly<Record<string, string>>): Promise<void>;
}

export async function createSecretMount(first: Readonly<Record<string, string>>): Promise<SecretMount> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-secrets-"));
  let all: Readonly<Record<string, string>> = {};
  let version = 0;
  const mount: SecretMount = {
    path: (name) => join(folder, name),
    async rotate(contents) {
      all = { ...all, ...contents };
      version += 1;
      const next = `..${version}`;
      await mkdir(join(folder, next));
      for (const [name, text] of Object.entries(all)) await writeFile(join(folder, next, name), text);
      await symlink(next, join(folder, "..data_tmp"));
      await rename(join(folder, "..data_tmp"), join(folder, "..data"));
      await rm(join(folder, `..${version - 1}`), { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  await mount.rotate(first);
  for (const name of Object.keys(first)) await symlink(join("..data", name), mount.path(name));
  return mount;
}
