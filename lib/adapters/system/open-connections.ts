import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";

/** Kernel statistics on this process' connections and descriptors. All null outside Linux. */
export interface OpenConnections {
  /** The maximum number of open descriptors. */
  readonly descriptorLimit: number | null;
  /** The number of open descriptors; also null on kernels before 6.2. */
  readonly descriptors: () => number | null;
  /** The number of established connections to a local port, including those that have sent nothing yet. */
  readonly to: (port: number) => number | null;
  close(): void;
}

const ESTABLISHED = "01";

/** Opens the kernel's tables up front: once descriptors run out, they could no longer be opened. */
export function createOpenConnections(): OpenConnections {
  const tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"].flatMap((path) => {
    try {
      return [openSync(path, "r")];
    } catch {
      // Not Linux, or no IPv6.
      return [];
    }
  });
  const buffer = Buffer.alloc(64 * 1024);

  const textOf = (table: number): string => {
    let text = "";
    for (let at = 0; ;) {
      const bytes = readSync(table, buffer, 0, buffer.length, at);
      if (bytes === 0) return text;
      text += buffer.toString("latin1", 0, bytes);
      at += bytes;
    }
  };

  return {
    descriptorLimit: descriptorLimit(),
    descriptors() {
      const size = statSync("/proc/self/fd", { throwIfNoEntry: false })?.size ?? 0;
      return size === 0 ? null : size;
    },
    to(port) {
      if (tables.length === 0) return null;
      // "sl local_address rem_address st …", addresses and ports in hexadecimal digits.
      const name = port.toString(16).toUpperCase().padStart(4, "0");
      const line = new RegExp(`^ *\\d+: [0-9A-F]+:${name} [0-9A-F]+:[0-9A-F]{4} ${ESTABLISHED} `, "gm");
      return tables.reduce((sum, table) => sum + [...textOf(table).matchAll(line)].length, 0);
    },
    close: () => tables.splice(0).forEach((table) => closeSync(table)),
  };
}

function descriptorLimit(): number | null {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
