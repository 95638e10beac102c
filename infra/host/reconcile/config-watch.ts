import { createFileWatch } from "../../../lib/adapters/system/file-watch.ts";
import type { Triggers } from "./triggers.ts";

/** Watches the config file and the files that it names. */
export interface ConfigWatch {
  /** Follows the names of the files, which change with the config. */
  follow(): void;
  stop(): void;
}

/** Watches nothing before the first `follow`. */
export function watchConfig(
  { configPath, namedFiles }: { readonly configPath: string; namedFiles(this: void): ReadonlySet<string> },
  triggers: Triggers,
): ConfigWatch {
  const watch = createFileWatch({
    onChange(paths) {
      const isConfig = paths.includes(configPath);
      triggers.push(isConfig ? "the config file changed" : "a file named in the config changed");
    },
  });
  return { follow: () => watch.watch(namedFiles()), stop: () => watch.stop() };
}
