import { fingerprintOf } from "../secrets/fingerprint.ts";
import type { Settings } from "../model/settings.ts";

/** The part of changed settings that can be applied while running. */
export interface AcceptedSettings {
  /** The wanted settings, but those that need a restart with their running values. */
  readonly settings: Settings;
  /** One sentence for each setting that was refused. */
  readonly refused: readonly string[];
  readonly kafkaChanged: boolean;
  readonly elasticsearchChanged: boolean;
}

/**
 * A listening socket cannot change its address, and with another group every topic would start from scratch. These settings
 * are read only at start, and changes are visibly refused.
 */
export function acceptSettings(running: Settings, wanted: Settings): AcceptedSettings {
  const fixed = [
    { name: "http.hostname", was: running.http.hostname, is: wanted.http.hostname },
    { name: "http.port", was: running.http.port, is: wanted.http.port },
    { name: "http.advertised", was: running.http.advertised, is: wanted.http.advertised },
    { name: "http.tls", was: onOrOff(running), is: onOrOff(wanted) },
    { name: "kafka.group", was: running.kafka.group, is: wanted.kafka.group },
  ];
  const refused = fixed
    .filter(({ was, is }) => was !== is)
    .map(
      ({ name, was, is }) =>
        `${name} cannot change while running: ${JSON.stringify(was)} is kept, ${JSON.stringify(is)} needs a restart`,
    );
  const settings: Settings = {
    ...wanted,
    http: {
      ...wanted.http,
      hostname: running.http.hostname,
      port: running.http.port,
      advertised: running.http.advertised,
      // A new certificate is loaded live, but TLS is not switched on or off for connected clients.
      tls: onOrOff(running) === onOrOff(wanted) ? wanted.http.tls : running.http.tls,
    },
    kafka: { ...wanted.kafka, group: running.kafka.group },
  };
  return {
    settings,
    refused,
    // The memory limit concerns the host alone: no need to probe the brokers.
    kafkaChanged: !sameSettings(
      { ...running.kafka, inFlightMaxBytes: 0 },
      { ...settings.kafka, inFlightMaxBytes: 0 },
    ),
    elasticsearchChanged: !sameSettings(running.elasticsearch, settings.elasticsearch),
  };
}

function onOrOff({ http }: Settings): "on" | "off" {
  return http.tls === null ? "off" : "on";
}

/** Compares secrets too: another password is a change. */
export function sameSettings(a: unknown, b: unknown): boolean {
  return fingerprintOf(a) === fingerprintOf(b);
}
