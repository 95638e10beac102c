import { chmod, chown, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A substitute for Docker's image of this name, made from this machine's Bun. */
export const BASE_IMAGE = `oven/bun:${Bun.version}-slim`;

/** The settings of the image's own Dockerfile (dockerhub/debian-slim in oven-sh/bun). */
export const BASE_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bun-node-fallback-bin",
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  BUN_INSTALL_BIN: "/usr/local/bin",
};

/** By user id, as in its /etc/passwd. */
export const BASE_HOMES: Readonly<Record<number, string>> = { 0: "/root", 1000: "/home/bun" };

/**
 * Fills an empty folder with the minimum of oven/bun's slim image: Bun, with its path and owner there, and from Debian
 * only what builds it or begins a script, and the libraries that these and the native packages load. There is no shell.
 */
export async function createBase(root: string): Promise<void> {
  const folders = [
    "dev",
    "etc",
    "home/bun/app",
    "proc",
    "root",
    "tmp",
    "usr/bin",
    "usr/local/bin",
    "var/tmp",
  ];
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  for (const folder of ["tmp", "var/tmp"]) await chmod(join(root, folder), 0o1777);
  await chmod(join(root, "root"), 0o700);
  await chown(join(root, "home/bun"), 1000, 1000);

  const bun = process.execPath;
  const programs = ["env", "find", "ln"].map((name): [path: string, target: string] => {
    const path = Bun.which(name);
    if (path === null) throw new Error(`there is no \`${name}\` on this machine`);
    return [path, `usr/bin/${name}`];
  });
  programs.push([bun, "usr/local/bin/bun"]);
  const libraries = new Set((await Promise.all(programs.map(([path]) => librariesOf(path)))).flat());
  const libc = [...libraries].find((library) => library.includes("/libc.so"));
  if (libc === undefined) throw new Error(`${bun} is not built for glibc, as the image's Bun is`);
  // Of Debian's libc6 and the libgcc-s1 that it wants: the codecs' native libraries load them.
  for (const name of ["librt.so.1", "libgcc_s.so.1"]) libraries.add(join(dirname(libc), name));
  const files = [...programs, ...Array.from(libraries, (path) => [path, path] as const)];
  for (const [source, target] of files) await cp(source, join(root, target), { dereference: true });

  await symlink("/usr/local/bin/bun", join(root, "usr/local/bin/bunx"));
  await mkdir(join(root, "usr/local/bun-node-fallback-bin"));
  await symlink("/usr/local/bin/bun", join(root, "usr/local/bun-node-fallback-bin/node"));
  const etc = {
    passwd: "root:x:0:0:root:/root:/bin/sh\nbun:x:1000:1000::/home/bun:/bin/sh\n",
    group: "root:x:0:\nbun:x:1000:\n",
    // The container runtime fills these in.
    hostname: "",
    hosts: "",
    "resolv.conf": "",
  };
  for (const [name, text] of Object.entries(etc)) await writeFile(join(root, "etc", name), text);
}

/** The shared libraries that the dynamic linker loads for a program, itself included. */
async function librariesOf(program: string): Promise<string[]> {
  const listed = await Bun.$`ldd ${program}`.text();
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}
