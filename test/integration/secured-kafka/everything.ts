import type { TestHost } from "../../support/host.ts";

/** All output and answers of a host. */
export async function everythingOf(host: TestHost): Promise<string> {
  const paths = ["/topics", "/readyz", "/metrics", "/"];
  const answers = await Promise.all(paths.map(async (path) => (await host.fetch(path)).text()));
  const plan = await host.fetch("/reconcile?dryRun=true", { method: "POST" });
  return [...answers, await plan.text(), JSON.stringify(host.log())].join("\n");
}
