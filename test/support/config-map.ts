import { chmod, mkdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Puts a file into a folder as Kubernetes mounts a ConfigMap, and replaces it the same way: the file
 * links into `..data`, which links to a folder of one version's files, and only `..data` is ever replaced.
 */
export async function writeConfigMap(folder: string, name: string, text: string): Promise<void> {
  const data = join(folder, "..data");
  const before = await readlink(data).catch(() => null);
  const version = `..2026_${crypto.randomUUID()}`;
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, name), text);
  // Readable by everyone, as in Kubernetes.
  await Promise.all([chmod(folder, 0o755), chmod(join(folder, version), 0o755)]);
  await symlink(version, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), data);
  if (before === null) {
    await symlink(join("..data", name), join(folder, "..link"));
    await rename(join(folder, "..link"), join(folder, name));
  } else {
    await rm(join(folder, before), { recursive: true });
  }
}
