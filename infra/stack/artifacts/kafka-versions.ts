import { join } from "node:path";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Coordinates, JarSet } from "./maven.ts";

/** The supported brokers: short names, and the release for each. */
export const KAFKA_VERSIONS = ["2.8", "3.3", "3.9", "4.1"] as const;
export type KafkaVersion = (typeof KAFKA_VERSIONS)[number];
export const KAFKA_RELEASES: Readonly<Record<KafkaVersion, string>> = {
  "2.8": "2.8.2",
  "3.3": "3.3.2",
  "3.9": "3.9.1",
  "4.1": "4.1.1",
};
export const DEFAULT_KAFKA: KafkaVersion = "4.1";

/** `2.8 (2.8.2), …`, for help and errors. */
export const KAFKA_VERSION_LIST = KAFKA_VERSIONS.map((name) => `${name} (${KAFKA_RELEASES[name]})`).join(
  ", ",
);

/** @throws PenstockError `usage`, naming the supported versions */
export function kafkaVersionNamed(name: string): KafkaVersion {
  const known = KAFKA_VERSIONS.find((version) => version === name);
  if (known !== undefined) return known;
  throw new PenstockError("usage", `--kafka is "${name}": it must be one of ${KAFKA_VERSION_LIST}`);
}

/** Later versions run on KRaft; in 2.8 that was only a preview. */
export function needsZooKeeper(version: KafkaVersion): boolean {
  return version === "2.8";
}

/** Older versions call classes of log4j 1. */
function logsWithLog4j2(version: KafkaVersion): boolean {
  return version === "4.1";
}

export function kafkaJars(version: KafkaVersion): JarSet {
  const release = KAFKA_RELEASES[version];
  // Kafka logs through slf4j 1.7. These are the bindings of its distributions; 2.8 gets their successors.
  const logging: Coordinates[] = logsWithLog4j2(version)
    ? ["org.apache.logging.log4j:log4j-slf4j-impl:2.24.3", "org.apache.logging.log4j:log4j-core:2.24.3"]
    : ["org.slf4j:slf4j-reload4j:1.7.36"];
  return { name: `kafka-${release}`, artifacts: [`org.apache.kafka:kafka_2.13:${release}`, ...logging] };
}

/** The logging configuration, with the distribution's pattern and level, and the Java option that names its file. */
export function loggingOf(
  version: KafkaVersion,
  home: string,
): { file: string; option: string; text: string } {
  if (logsWithLog4j2(version)) {
    const file = join(home, "log4j2.properties");
    return { file, option: `-Dlog4j2.configurationFile=${file}`, text: log4j2 };
  }
  const file = join(home, "log4j.properties");
  return { file, option: `-Dlog4j.configuration=file:${file}`, text: log4j1 };
}

const log4j2 = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;

const log4j1 = `log4j.rootLogger=INFO, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=[%d] %p %m (%c)%n
`;
