import type { Generation } from "../../rules/audit/generations.ts";
import { isObject } from "../../rules/json/object.ts";

/** An index, also one behind an alias or data stream. */
export interface IndexSettings extends Generation {
  /** Whether it has a default or final pipeline. */
  readonly piped: boolean;
}

/** The settings that {@link parseIndexSettings} reads. `verified_before_close` exists as long as the index is closed. */
export const indexSettingsNames = [
  "index.default_pipeline",
  "index.final_pipeline",
  "index.creation_date",
  "index.verified_before_close",
].join(",");

/** Parses an answer to `GET /…/_settings/…`, which names concrete indices. */
export function parseIndexSettings(answer: unknown): readonly IndexSettings[] {
  return Object.entries(isObject(answer) ? answer : {}).flatMap(([name, entry]) => {
    const settings = isObject(entry) && isObject(entry["settings"]) ? entry["settings"]["index"] : null;
    if (!isObject(settings)) return [];
    const pipelines = [settings["default_pipeline"], settings["final_pipeline"]];
    return [
      {
        name,
        createdMs: Number(settings["creation_date"] ?? 0),
        closed: settings["verified_before_close"] === "true",
        piped: pipelines.some((pipeline) => typeof pipeline === "string" && pipeline !== "_none"),
      },
    ];
  });
}
