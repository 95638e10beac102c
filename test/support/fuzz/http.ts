import { readdirSync, readFileSync } from "node:fs";
import { seededRandom } from "../../../infra/bench/kit/random.ts";
import { eventually } from "../eventually.ts";
import { type Credentials, type HttpCase, httpCase } from "./http-cases.ts";
import { exchange, type RawExchange } from "./raw-exchange.ts";
import { beSlow, type SlowClients } from "./slow-clients.ts";

export interface FuzzHttpOptions extends Credentials {
  /** The same seed makes the same requests. */
  readonly seed: number;
  readonly cases: number;
  /** Of a host with both tokens. */
  readonly url: string;
  /** Its process, to watch memory and handles. */
  readonly pid: number;
  /** A topic of the host, which nobody may read without a token. */
  readonly topic: string;
  /** False skips the slow clients, which take 35 s. */
  readonly slow?: boolean;
}

/** Memory in bytes, and open files. */
interface Footprint {
  readonly rss: number;
  readonly handles: number;
}

export interface FuzzHttpResult {
  readonly seed: number;
  readonly cases: number;
  /** Cases answered 4xx, or closed without an answer. */
  readonly refused: number;
  /** By kind, then by outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly slow: readonly SlowClients[];
  /** The slowest /healthz meanwhile, in milliseconds, and the number of requests. */
  readonly health: { readonly slowestMs: number; readonly asked: number };
  readonly before: Footprint;
  readonly after: Footprint;
  /** The problems, one sentence each; empty if it held. */
  readonly faults: readonly string[];
}

const AT_ONCE = 16;
/** The host ends them after 35 s at most; a busy machine, later. */
const SLOW_DEADLINE_MS = 90_000;
const HEALTH_EVERY_MS = 250;

/** Sends hostile requests to a host, and watches how it copes. */
export async function fuzzHttp(options: FuzzHttpOptions): Promise<FuzzHttpResult> {
  const { seed, cases, url, pid } = options;
  const { hostname, port } = new URL(url);
  const faults: string[] = [];
  const outcomes: Record<string, Record<string, number>> = {};
  let refused = 0;
  // Warms up before measuring, because memory allocated on first use stays.
  await runCases(options, 0, Math.min(200, cases), () => {});
  const before = footprintOf(pid);
  const health = watchHealth(url, pid);
  const credential = `Authorization: Bearer ${options.readOnlyToken}\r\n`;
  const slow = options.slow === false ? [] : beSlow(hostname, Number(port), credential, SLOW_DEADLINE_MS);
  await runCases(options, 0, cases, (tried, index, exchanged) => {
    const outcome = outcomeOf(exchanged);
    const ofKind = (outcomes[tried.kind] ??= {});
    ofKind[outcome] = (ofKind[outcome] ?? 0) + 1;
    if (outcome.startsWith("4") || outcome === "closed") refused += 1;
    const fault = faultOf(tried, exchanged, options);
    if (fault !== null) faults.push(`case ${index} (${tried.kind}): ${fault}: ${JSON.stringify(tried.head)}`);
  });
  const borne = await slow;
  for (const { habit, closedAfterMs } of borne)
    if (closedAfterMs === null) faults.push(`a client whose habit is "${habit}" was never let go`);
  const watched = await health.stop();
  faults.push(...watched.faults);
  const after = await settled(pid, before);
  if (after.handles > before.handles + HANDLES_MORE) faults.push("handles stayed open");
  if (after.rss > before.rss + RSS_MORE) faults.push("memory grew");
  const { slowestMs, asked } = watched;
  return { seed, cases, refused, outcomes, slow: borne, health: { slowestMs, asked }, before, after, faults };
}

/** The allocator keeps freed memory; a leak of 16 KB per case would show. */
const RSS_MORE = 160 * 1024 ** 2;
/** The host opens and closes its own connections too. */
const HANDLES_MORE = 12;

async function runCases(
  { seed, url, ...who }: FuzzHttpOptions,
  from: number,
  to: number,
  onDone: (tried: HttpCase, index: number, exchanged: RawExchange) => void,
): Promise<void> {
  const { hostname, port } = new URL(url);
  let next = from;
  const work = async (): Promise<void> => {
    for (let index = next++; index < to; index = next++) {
      // Each with its own seed, so that one can be repeated alone.
      const tried = httpCase(seededRandom(seed * 1_000_003 + index), who);
      onDone(tried, index, await exchange(hostname, Number(port), tried));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function outcomeOf({ answer, hung }: RawExchange): string {
  if (hung) return "hung";
  return answer === null ? "closed" : String(answer.status);
}

function faultOf(
  { isAnonymous }: HttpCase,
  { answer, hung }: RawExchange,
  { token, readOnlyToken, topic }: FuzzHttpOptions,
): string | null {
  if (hung) return "neither answered nor closed";
  if (answer === null) return null;
  const { status, headers, body, text } = answer;
  const leaked = [token, readOnlyToken, ...(isAnonymous ? [topic] : [])].find((one) => text.includes(one));
  if (leaked !== undefined) return `answered ${status} with ${leaked}`;
  if (status >= 500 && status !== 503 && status !== 505) return `answered ${status}`;
  if (headers.has("server") || headers.has("x-powered-by")) return "said what it is made of";
  // Bun's own refusals have no body, and close the connection.
  const isBuns = body === "" && !headers.has("content-security-policy");
  if (isBuns) return headers.get("connection") === "close" ? null : `answered ${status} with nothing at all`;
  if (!headers.has("content-security-policy")) return `answered ${status} without the security headers`;
  const isProblem = headers.get("content-type") === "application/problem+json";
  if (status >= 400 && !isProblem) return `answered ${status} without a problem`;
  return null;
}

/** The host's own time counts: on a busy machine it stands still for seconds, which costs it none. */
const HEALTH_CPU_MS = 1_000;
const HEALTH_DEADLINE_MS = 30_000;

function watchHealth(url: string, pid: number) {
  let [slowestMs, asked, stopping] = [0, 0, false];
  const faults: string[] = [];
  const running = (async () => {
    while (!stopping) {
      const startedAt = performance.now();
      const cpuBefore = cpuMsOf(pid);
      try {
        const answer = await fetch(new URL("/healthz", url), {
          signal: AbortSignal.timeout(HEALTH_DEADLINE_MS),
          keepalive: false,
        });
        if ((await answer.text()) !== "ok\n") faults.push(`/healthz answered ${answer.status}`);
      } catch (error) {
        faults.push(`/healthz: ${String(error)}`);
      }
      const tookMs = performance.now() - startedAt;
      const usedMs = cpuMsOf(pid) - cpuBefore;
      if (usedMs > HEALTH_CPU_MS)
        faults.push(`/healthz took ${Math.round(tookMs)} ms, and the host ${usedMs} ms of the processor`);
      slowestMs = Math.max(slowestMs, Math.round(tookMs));
      asked += 1;
      await Bun.sleep(HEALTH_EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await running;
      return { slowestMs, asked, faults };
    },
  };
}

/** What a process has used of the processor so far, in milliseconds. */
function cpuMsOf(pid: number): number {
  // Behind the program's name, of 100 ticks a second: user and system time are fields 14 and 15 of the whole line.
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    rss: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** The server must release half-closed connections within its idle limit. */
async function settled(pid: number, before: Footprint): Promise<Footprint> {
  try {
    await eventually(
      "the handles are closed",
      () => footprintOf(pid).handles <= before.handles + HANDLES_MORE,
      20_000,
    );
  } catch {
    // The caller reports handles that are still open.
  }
  return footprintOf(pid);
}
