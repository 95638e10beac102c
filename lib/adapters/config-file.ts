import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { messageOf, PenstockError } from "../rules/errors.ts";

export interface ConfigFileContent {
  readonly text: string;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly hash: string;
}

const maxBytes = 1024 * 1024;
const debounceMs = 50;
const pollMsByDefault = 2_000;

/**
 * Reads a config file, symbolic links followed.
 * @throws PenstockError `config_unreadable`: absent, not a regular file, over 1 MiB, or not UTF-8.
 */
export function readConfigFile(path: string): ConfigFileContent {
  try {
    const bytes = readBounded(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text, hash: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    throw new PenstockError("config_unreadable", `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What is not a regular file is not opened: a named pipe would wait for its writer for ever. */
function readBounded(path: string): Buffer {
  if (!statSync(path).isFile()) throw new Error("it is not a regular file");
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size > maxBytes) throw new Error(`it is larger than 1 MiB (${size} bytes)`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

export interface WatchOptions {
  readonly onChange: () => void;
  readonly signal?: AbortSignal;
  /** How often it looks without being told: the net under events that do not come. */
  readonly pollMs?: number;
}

export interface ConfigFileWatch {
  /** After it, `onChange` is not called any more. */
  stop(): void;
}

/**
 * Calls `onChange` after the file's content changed, and when the file goes or comes back. What it says now is for the
 * caller to read: several changes in a row may be one call.
 *
 * The *folder* is watched, for a watch on a file ends with its first atomic replacement; so Kubernetes' swap of `..data`
 * is seen too. What the folder does not tell (a link to elsewhere, a network file system) is found by polling every 2 s.
 */
export function watchConfigFile(path: string, options: WatchOptions): ConfigFileWatch {
  const { onChange, signal, pollMs = pollMsByDefault } = options;
  const folder = dirname(path);
  let seen = fingerprintOf(path);
  let folderWatch: { readonly watcher: FSWatcher; readonly identity: string } | null = null;
  let debounce: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;

  function compare(): void {
    if (stopped) return;
    const now = fingerprintOf(path);
    if (now === seen) return;
    seen = now;
    onChange();
  }

  /** Not put off by further events: a busy folder must not keep a change waiting. */
  function compareSoon(): void {
    debounce ??= setTimeout(() => {
      debounce = null;
      compare();
    }, debounceMs);
  }

  function dropFolderWatch(): void {
    folderWatch?.watcher.close();
    folderWatch = null;
  }

  /** A folder that was removed and made again is another one, and its watch is dead. */
  function ensureFolderWatch(): void {
    const identity = identityOf(folder);
    if (folderWatch !== null && folderWatch.identity === identity) return;
    dropFolderWatch();
    if (identity === null) return;
    try {
      const watcher = watch(folder, { persistent: false }, compareSoon);
      watcher.on("error", dropFolderWatch);
      folderWatch = { watcher, identity };
    } catch {
      // Out of inotify watches, or the folder is gone again: polling goes on, and tries once more.
    }
  }

  function poll(): void {
    ensureFolderWatch();
    compare();
  }

  function stop(): void {
    stopped = true;
    clearInterval(interval);
    if (debounce !== null) clearTimeout(debounce);
    dropFolderWatch();
    signal?.removeEventListener("abort", stop);
  }

  const interval = setInterval(poll, pollMs);
  if (signal?.aborted) stop();
  else {
    signal?.addEventListener("abort", stop, { once: true });
    poll();
  }
  return { stop };
}

/** Equal as long as a reader would see the same: the content's hash, or why there is none. */
function fingerprintOf(path: string): string {
  try {
    return readConfigFile(path).hash;
  } catch (error) {
    return messageOf(error);
  }
}

function identityOf(folder: string): string | null {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
