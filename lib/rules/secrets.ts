import type { Settings } from "./settings.ts";

/** Every value of the settings that must never be shown. */
export function secretsOf(settings: Settings): string[] {
  const { http, kafka, elasticsearch, etcd } = settings;
  const values = [
    http.token,
    kafka.sasl?.password,
    kafka.tls?.key,
    elasticsearch.auth?.kind === "apiKey" ? elasticsearch.auth.apiKey : elasticsearch.auth?.password,
    elasticsearch.tls?.key,
    etcd?.auth?.password,
    etcd?.tls?.key,
  ];
  return values.flatMap((value) => (value === null || value === undefined || value === "" ? [] : [value]));
}
