import { statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../rules/base/errors.ts";
import { readTextFile } from "./text-file.ts";

const debounceMs = 50;
const pollMsByDefault = 2_000;

export interface WatchOptions {
  /** Receives the files that were changed, deleted or created. */
  readonly onChange: (paths: readonly string[]) => void;
  readonly signal?: AbortSignal;
  /** How often to poll, as a safety net for missing events. */
  readonly pollMs?: number;
}

export interface FileWatch {
  /** Replaces the set of watched files. No change is missed for files that stay in it. */
  watch(paths: Iterable<string>): void;
  /** Afterwards `onChange` is no longer called. */
  stop(): void;
}

/**
 * Calls `onChange` after a file's content changed, and when a file is deleted or created. The caller reads the file:
 * several changes may arrive as one call.
 *
 * Watches *folders*, each once: a watch on a file would end with its first atomic replacement. This also catches
 * Kubernetes' swap of `..data`. Changes without folder events (links to elsewhere, network file systems) are found by
 * polling every 2 s.
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

  /** Further events do not postpone it: a busy folder must not delay a change. */
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

  /** A folder that was removed and recreated has another identity, and its old watch is dead. */
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
        // No inotify watches left, or the folder was removed again: polling continues and retries.
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

/** Equal while a reader would see the same: the content's hash, or the error of reading it. */
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
    // No access: `fingerprintOf` reports the same for the files inside.
    return null;
  }
}
