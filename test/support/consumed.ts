import type { TestHost } from "./host.ts";

/** How many records of the topic a host has read, according to its metrics; NaN if they name none. */
export async function consumedOf(host: TestHost, topic: string): Promise<number> {
  const text = await (await host.fetch("/metrics")).text();
  const sample = `penstock_records_consumed_total{topic="${topic}"} `;
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(sample))
      ?.slice(sample.length),
  );
}
