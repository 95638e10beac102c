import type { IgnoredFields } from "../../functions/digest-dead-letters/read-ignored-fields.ts";

/** The answer if every field is searchable by its name. */
export const noneGaveWay: IgnoredFields = {
  from: "2026-11-28T10:00:00.000Z",
  to: "2026-11-29T10:00:00.000Z",
  fields: [],
  problems: [],
};
