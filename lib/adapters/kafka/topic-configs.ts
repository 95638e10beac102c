import { type Admin, ConfigResourceTypes } from "kafkajs";
import type { Refused } from "../../rules/diagnosis/check.ts";
import type { TopicConfig } from "../../rules/diagnosis/kafka.ts";
import { messageOf } from "../../rules/errors.ts";

type Ask<T> = (names: readonly string[]) => Promise<readonly (readonly [string, T])[]>;

const CONFIG_NAMES = ["retention.ms", "retention.bytes", "max.message.bytes", "cleanup.policy"];

/** Of topics that exist, in one request where none of them is refused. */
export function readTopicConfigs(
  client: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicConfig | Refused>> {
  return inHalves(topics, askConfigs(client));
}

/** kafkajs throws away all answers where one is a no: then each half is asked for alone. */
export async function inHalves<T>(names: readonly string[], ask: Ask<T>): Promise<Map<string, T | Refused>> {
  if (names.length === 0) return new Map();
  try {
    return new Map(await ask(names));
  } catch (error) {
    const [only] = names;
    if (names.length === 1 && only !== undefined) return new Map([[only, { refused: messageOf(error) }]]);
    const middle = Math.ceil(names.length / 2);
    const first = await inHalves(names.slice(0, middle), ask);
    return new Map([...first, ...(await inHalves(names.slice(middle), ask))]);
  }
}

function askConfigs(client: Admin): Ask<TopicConfig> {
  return async (topics) => {
    const { resources } = await client.describeConfigs({
      resources: topics.map((name) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configNames: CONFIG_NAMES,
      })),
      includeSynonyms: false,
    });
    return resources.map(({ resourceName, configEntries }) => {
      const values = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      const number = (name: string): number | null => (values.has(name) ? Number(values.get(name)) : null);
      return [
        resourceName,
        {
          retentionMs: number("retention.ms"),
          retentionBytes: number("retention.bytes"),
          maxMessageBytes: number("max.message.bytes"),
          cleanupPolicy: values.get("cleanup.policy") ?? null,
        },
      ] as const;
    });
  };
}
