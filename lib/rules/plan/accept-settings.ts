import { fingerprintOf } from "../secrets/fingerprint.ts";
import type { Settings } from "../model/settings.ts";

/** What of changed settings can be taken over while running. */
export interface AcceptedSettings {
  /** The wanted ones, with what needs a restart as it was. */
  readonly settings: Settings;
  /** One sentence for each setting that was not taken. */
  readonly refused: readonly string[];
  readonly kafkaChanged: boolean;
  readonly elasticsearchChanged: boolean;
}

/**
 * An address cannot be moved under a listening socket, and another group would make every topic start
 * anew: these are read at start only, and a change of them is refused where people can see it.
 */
export function acceptSettings(running: Settings, wanted: Settings): AcceptedSettings {
  const fixed = [
    { name: "http.hostname", was: running.http.hostname, is: wanted.http.hostname },
    { name: "http.port", was: running.http.port, is: wanted.http.port },
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
      // Another certificate is taken over; TLS itself is not switched on or off under those who are connected.
      tls: onOrOff(running) === onOrOff(wanted) ? wanted.http.tls : running.http.tls,
    },
    kafka: { ...wanted.kafka, group: running.kafka.group },
  };
  return {
    settings,
    refused,
    // The memory bound is the host's own: no broker has to be asked about it.
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

/** Secrets count: another password is a change. */
export function sameSettings(a: unknown, b: unknown): boolean {
  return fingerprintOf(a) === fingerprintOf(b);
}
