import { join } from "node:path";
import { z } from "zod";
import type { Target } from "../load/target.ts";

/** The instant bulk endpoint (instant-endpoint.ts) in its own process. */
export interface EndpointProcess extends Target, AsyncDisposable {}

const countAnswer = z.object({ documents: z.number() });

export async function startEndpoint(signal: AbortSignal): Promise<EndpointProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "instant-endpoint.ts")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    signal,
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (value === undefined) throw new Error(`the instant endpoint exited with ${await child.exited}`);
  const url = new TextDecoder().decode(value).trim();
  const killAtExit = (): void => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  return {
    url,
    askEveryMs: 20,
    async documents() {
      const answer = await fetch(`${url}/_count`, { signal });
      return countAnswer.parse(await answer.json()).documents;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      process.off("exit", killAtExit);
    },
  };
}
