import { tmpdir } from "node:os";
import { outputOf } from "../command.ts";
import { eventually } from "../eventually.ts";
import type { HostProcess } from "../host.ts";

/** A folder or file of this machine that is visible inside at another path. */
export interface Mount {
  readonly source: string;
  /** Absolute, inside; must exist. */
  readonly target: string;
  readonly isWritable?: boolean;
}

export interface ContainerOptions {
  readonly root: string;
  readonly isWritable?: boolean;
  readonly command: readonly string[];
  /** The complete environment: nothing is inherited from this process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly mounts?: readonly Mount[];
  /** The target of its standard error; this process's by default. */
  readonly stderr?: number | "ignore";
}

const NAMESPACES = ["--mount", "--pid", "--ipc", "--uts"];
const UNSHARE = ["unshare", ...NAMESPACES, "--fork"];

/** The capabilities `unshare` needs to enter the root and become the user. That user's command no longer has them. */
const TO_ENTER = "-all,+sys_chroot,+setuid,+setgid";

/** What a container engine does before the command starts, as process 1 in its own mount namespace. */
const PREPARE = `
set -eu
root=$1 mode=$2
shift 2
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,noexec,mode=755 tmpfs "$root/dev"
for device in null zero full random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  mount -o "remount,bind,$3" "$root$2"
  shift 3
done
shift
mount -o "remount,bind,$mode" "$root"
unset PWD OLDPWD SHLVL
exec "$@"
`;

/** @returns why containers cannot be created here; null if they can */
export function obstacleToContainers(): string | null {
  if (process.platform !== "linux") return `this is ${process.platform}; namespaces are Linux'`;
  if (process.getuid?.() !== 0) return "only root may make namespaces and mounts";
  const missing = ["unshare", "nsenter", "setpriv", "mount", "ldd"].filter(
    (tool) => Bun.which(tool) === null,
  );
  if (missing.length > 0) return `there is no ${missing.join(", ")}`;
  if (!Bun.spawnSync(["ldd", process.execPath]).stdout.includes("/libc.so.6"))
    return "this machine's Bun is not built for glibc, as the image's is";
  // In some sandboxes root cannot mount anything, or become another user.
  const attempt = `mount -t tmpfs tmpfs "$1" && exec setpriv --reuid=1000 --regid=1000 --clear-groups true`;
  const { exitCode, stderr } = Bun.spawnSync([...UNSHARE, "sh", "-c", attempt, "sh", tmpdir()]);
  return exitCode === 0 ? null : stderr.toString().trim();
}

/**
 * Runs a command as a container engine would: as process 1 in its own namespaces (except for the network, which is this
 * machine's, with the test's servers), in its own root, without any capability.
 */
export async function startContainer(options: ContainerOptions): Promise<HostProcess> {
  const { root, command, environment, workingFolder, user, mounts = [] } = options;
  const mode = (isWritable = false): string => (isWritable ? "rw" : "ro");
  const prepare = ["sh", "-c", PREPARE, "sh", root, mode(options.isWritable)];
  for (const { source, target, isWritable } of mounts) prepare.push(source, target, mode(isWritable));
  // Two steps, because capabilities outside the bounding set cannot be made inheritable.
  const drop = ["setpriv", `--inh-caps=${TO_ENTER}`, "setpriv", "--no-new-privs", "--bounding-set=-all"];
  const enter = ["unshare", `--root=${root}`, `--wd=${workingFolder}`, ...becoming(user), "--"];
  const child = Bun.spawn([...UNSHARE, ...prepare, "--", ...drop, ...enter, ...command], {
    env: environment,
    stdin: "ignore",
    stdout: "pipe",
    stderr: options.stderr ?? "inherit",
  });
  // unshare waits for process 1, and does not forward signals to it.
  const pid = await eventually("process 1 of the container is there, or gone again", async () => {
    if (child.exitCode !== null) return child.pid;
    const children = await Bun.file(`/proc/${child.pid}/task/${child.pid}/children`).text();
    return children === "" ? null : Number(children);
  });
  return {
    pid,
    stdout: child.stdout,
    exited: child.exited,
    get exitCode() {
      return child.exitCode;
    },
    kill(signal) {
      if (child.exitCode !== null) return;
      try {
        process.kill(pid, signal);
      } catch (error) {
        // Ended, but not yet reaped.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    },
  };
}

/**
 * Runs a command next to a container's own, in its namespaces, root and working folder, as `docker exec` and a health
 * check do.
 * @param pid of the container's process 1, as this machine sees it
 */
export function execInContainer(
  pid: number,
  { command, environment, user }: Pick<ContainerOptions, "command" | "environment" | "user">,
) {
  const enter = ["nsenter", `--target=${pid}`, ...NAMESPACES, "--root", "--wd", ...becoming(user), "--"];
  return outputOf([...enter, ...command], { env: environment });
}

/** Arguments of unshare and nsenter, which also drop all supplementary groups. */
function becoming({ uid, gid }: ContainerOptions["user"]): string[] {
  return [`--setgid=${gid}`, `--setuid=${uid}`];
}
