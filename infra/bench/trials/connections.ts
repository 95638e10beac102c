import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const ESTABLISHED = "01";

/** Counts the connections of a process to a port of 127.0.0.1. Linux only: read from /proc. */
export function connectionsTo(pid: number, port: number): number {
  const inodes = socketsOf(pid);
  return establishedTo(port, readFileSync(`/proc/${pid}/net/tcp`, "utf8")).filter((inode) =>
    inodes.has(inode),
  ).length;
}

/** Returns the inodes of the sockets in /proc/net/tcp that are connected to the port (man 5 proc_pid_net). */
export function establishedTo(port: number, table: string): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => remote?.endsWith(`:${wanted}`) === true && state === ESTABLISHED)
    .map((fields) => fields[9] ?? "");
}

function socketsOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set<string>();
  for (const fd of readdirSync(folder)) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

/** Empty if it was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
