import { eventually } from "../../support/eventually.ts";
import type { TestHost } from "../../support/host.ts";

/** All output and answers of a host. */
export async function everythingOf(host: TestHost): Promise<string> {
  const paths = ["/topics", "/readyz", "/metrics", "/"];
  const answers = await Promise.all(paths.map(async (path) => (await host.fetch(path)).text()));
  const plan = await host.fetch("/reconcile?dryRun=true", { method: "POST" });
  return [...answers, await plan.text(), JSON.stringify(host.log())].join("\n");
}

/**
 * Does this while the host's sessions end and are renewed, until its log tells of no connection that was cut: a machine that
 * stands still for seconds misses a renewal, which is no proof.
 */
export async function untilUncut(host: TestHost, act: () => Promise<void>): Promise<void> {
  let told = 0;
  await eventually("no connection is cut", async () => {
    await act();
    const lines = host.log().slice(told);
    told += lines.length;
    const troubles = lines.filter(({ level }) => level === "warn" || level === "error");
    // kafkajs would log a closed connection.
    const noise = lines
      .map((line) => String(line["message"]))
      .filter((message) => /[Cc]onnection|crash/i.test(message) && !message.startsWith("Response"));
    if (troubles.length + noise.length > 0) throw new Error(JSON.stringify([...troubles, ...noise]));
    return true;
  });
}
