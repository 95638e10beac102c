import { statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../rules/base/errors.ts";
import { readTextFile } from "./text-file.ts";

const debounceMs = 50;
const pollMsByDefault = 2_000;

export interface WatchOptions {
  /** Gets the files whose content changed, went or came back. */
  readonly onChange: (paths: readonly string[]) => void;
  readonly signal?: AbortSignal;
  /** How often it looks without being told: the net under events that do not come. */
  readonly pollMs?: number;
}

export interface FileWatch {
  /** Watches these from now on and no others; of those that it watches already, nothing is missed. */
  watch(paths: Iterable<string>): void;
  /** After it, `onChange` is not called any more. */
  stop(): void;
}

/**
 * Calls `onChange` after the content of a file changed, and when a file goes or comes back. What it says now is for the
 * caller to read: several changes in a row may be one call.
 *
 * *Folders* are watched, each once, for a watch on a file ends with its first atomic replacement; so Kubernetes' swap of
 * `..data` is seen too. What a folder does not tell (a link to elsewhere, a network file system) is found by polling every 2 s.
 */
export function createFileWatch(options: WatchOptions): FileWatch {
  const { onChange, signal, pollMs = pollMsByDefault } = options;
  /** By path. */
  const seen = new Map<string, string>();
  const folders = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  let debounce: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;

  function compare(): void {
    if (stopped) return;
    const changed: string[] = [];
    for (const [path, before] of seen) {
      const now = fingerprintOf(path);
      if (now === before) continue;
      seen.set(path, now);
      changed.push(path);
    }
    if (changed.length > 0) onChange(changed);
  }

  /** Not put off by further events: a busy folder must not keep a change waiting. */
  function compareSoon(): void {
    debounce ??= setTimeout(() => {
      debounce = null;
      compare();
    }, debounceMs);
  }

  function dropFolder(folder: string): void {
    folders.get(folder)?.watcher.close();
    folders.delete(folder);
  }

  /** A folder that was removed and made again is another one, and its watch is dead. */
  function ensureFolders(): void {
    const wanted = new Set([...seen.keys()].map((path) => dirname(path)));
    for (const folder of folders.keys()) if (!wanted.has(folder)) dropFolder(folder);
    for (const folder of wanted) {
      const identity = identityOf(folder);
      if (folders.get(folder)?.identity === identity) continue;
      dropFolder(folder);
      if (identity === null) continue;
      try {
        const watcher = watch(folder, { persistent: false }, compareSoon);
        watcher.on("error", () => dropFolder(folder));
        folders.set(folder, { watcher, identity });
      } catch {
        // Out of inotify watches, or the folder is gone again: polling goes on, and tries once more.
      }
    }
  }

  function poll(): void {
    ensureFolders();
    compare();
  }

  function stop(): void {
    stopped = true;
    clearInterval(interval);
    if (debounce !== null) clearTimeout(debounce);
    for (const folder of folders.keys()) dropFolder(folder);
    signal?.removeEventListener("abort", stop);
  }

  const interval = setInterval(poll, pollMs);
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  return {
    watch(paths) {
      if (stopped) return;
      const wanted = new Set(paths);
      for (const path of seen.keys()) if (!wanted.has(path)) seen.delete(path);
      for (const path of wanted) if (!seen.has(path)) seen.set(path, fingerprintOf(path));
      ensureFolders();
    },
    stop,
  };
}

/** Equal as long as a reader would see the same: the content's hash, or why there is none. */
function fingerprintOf(path: string): string {
  try {
    return readTextFile(path).hash;
  } catch (error) {
    return messageOf(error);
  }
}

function identityOf(folder: string): string | null {
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
  } catch {
    // No way in: `fingerprintOf` says the same of what lies there.
    return null;
  }
}
