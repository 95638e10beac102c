import { join } from "node:path";
import { z } from "zod";

/** How a Penstock calls its consumer groups: older ones have one for each topic. */
export interface GroupNaming {
  /** One for all topics. */
  readonly shared: boolean;
  /** What stands under `kafka` in its config for this name. */
  settings(name: string): { readonly group: string } | { readonly groupPrefix: string };
  /** The group that reads a topic, of a host that was given this name. */
  groupOf(name: string, topic: string): string;
}

const ROOT = join(import.meta.dir, "../../..");
const configSchema = z.object({
  properties: z.object({ kafka: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
});

const SHARED: GroupNaming = {
  shared: true,
  settings: (group) => ({ group }),
  groupOf: (group) => group,
};
const BY_TOPIC: GroupNaming = {
  shared: false,
  settings: (groupPrefix) => ({ groupPrefix }),
  groupOf: (groupPrefix, topic) => `${groupPrefix}.${topic}`,
};

/**
 * Asks the schema of its config.
 * @param checkout the folder of a Penstock; this one unless told
 */
export async function groupNamingOf(checkout: string = ROOT): Promise<GroupNaming> {
  const schema: unknown = await Bun.file(join(checkout, "infra/config.schema.json")).json();
  return namingIn(schema);
}

export function namingIn(schema: unknown): GroupNaming {
  const { properties } = configSchema.parse(schema);
  return "groupPrefix" in properties.kafka.properties ? BY_TOPIC : SHARED;
}
