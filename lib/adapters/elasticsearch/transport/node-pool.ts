import { BaseConnectionPool, errors, type BaseConnection } from "@elastic/elasticsearch";
import { isNodeFault, pauseMs, WELL_AFTER_MS } from "../../../rules/trouble/node-trouble.ts";
import { masterRequest } from "./master-request.ts";

/** Passed through the client with each request. */
export interface RequestContext {
  /** Nodes this request was already sent to; it must go to another one. */
  readonly asked: Set<string>;
}

interface Choice {
  readonly context?: unknown;
}

interface Trouble {
  /** How often the node was left out without having been healthy for long enough in between. */
  readonly times: number;
  /** When it was left out or came back, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When to ping it; null while it is in use. */
  readonly tryAtMs: number | null;
}

const PING_TIMEOUT_MS = 3_000;
const PING_AGAIN_MS = 2_000;

/**
 * Chooses the healthy node with the fewest pending requests, round robin among equals. So a slow node gets less, and a
 * silent one holds only its share. The client's own pools keep using a silent node and send a recovered one almost
 * nothing.
 *
 * State: for each node that failed, until when it is left out. A failed node stays out until it answers a small request
 * that needs the cluster's master: a node cut off from the others still answers on its own, but accepts no writes. The
 * ping is triggered by the next request after it is due, so there is no background timer. If no node is healthy, all
 * are used.
 */
export class NodePool extends BaseConnectionPool {
  readonly #troubles = new Map<string, Trouble>();
  readonly #pinged = new Set<string>();
  readonly #life = new AbortController();
  /** The round robin's position; the first choice starts at index 0. */
  #turn = -1;

  override markDead(connection: BaseConnection): this {
    const now = Date.now();
    const before = this.#troubles.get(connection.id);
    // A single node is used in any case.
    if (this.connections.length === 1) return this;
    if (before !== undefined && before.tryAtMs !== null) return this;
    const again = before !== undefined && now - before.sinceMs < WELL_AFTER_MS;
    const times = again ? before.times + 1 : 1;
    this.#troubles.set(connection.id, { times, sinceMs: now, tryAtMs: now + pauseMs(times) });
    return super.markDead(connection);
  }

  override markAlive(connection: BaseConnection): this {
    const before = this.#troubles.get(connection.id);
    if (before !== undefined && before.tryAtMs !== null)
      this.#troubles.set(connection.id, { ...before, sinceMs: Date.now(), tryAtMs: null });
    return super.markAlive(connection);
  }

  // The base class declares more parameters than it passes.
  override getConnection({ context }: Choice): BaseConnection {
    const [only, ...more] = this.connections;
    if (only !== undefined && more.length === 0 && !isContext(context)) return only;
    for (const connection of this.connections) this.#tryAgain(connection);
    const asked = isContext(context) ? context.asked : new Set<string>();
    const others = this.connections.filter(({ id }) => !asked.has(id));
    const well = others.filter((connection) => !this.#isLeftOut(connection));
    const chosen = this.#leastBusy(well.length > 0 ? well : others);
    if (chosen === undefined) throw new errors.ConfigurationError("there is no other node");
    asked.add(chosen.id);
    return chosen;
  }

  override async empty(): Promise<void> {
    this.#life.abort(new Error("closed"));
    await super.empty();
  }

  #isLeftOut({ id }: BaseConnection): boolean {
    return (this.#troubles.get(id)?.tryAtMs ?? null) !== null;
  }

  #leastBusy(connections: readonly BaseConnection[]): BaseConnection | undefined {
    this.#turn += 1;
    const first = this.#turn % Math.max(1, connections.length);
    const inTurn = [...connections.slice(first), ...connections.slice(0, first)];
    const fewest = Math.min(...inTurn.map(({ _openRequests }) => _openRequests));
    return inTurn.find(({ _openRequests }) => _openRequests === fewest);
  }

  #tryAgain(connection: BaseConnection): void {
    const { id } = connection;
    const due = this.#troubles.get(id)?.tryAtMs ?? null;
    if (due === null || due > Date.now() || this.#pinged.has(id)) return;
    this.#pinged.add(id);
    void this.#answers(connection).then((well) => {
      this.#pinged.delete(id);
      const trouble = this.#troubles.get(id);
      if (well) this.markAlive(connection);
      else if (trouble !== undefined && trouble.tryAtMs !== null)
        this.#troubles.set(id, { ...trouble, tryAtMs: Date.now() + PING_AGAIN_MS });
    });
  }

  async #answers(connection: BaseConnection): Promise<boolean> {
    const querystring = new URLSearchParams(masterRequest.querystring).toString();
    const { signal } = this.#life;
    const limits = { timeout: PING_TIMEOUT_MS, signal, requestId: "", name: "", context: null };
    try {
      const { method, path, headers } = masterRequest;
      const answer = await connection.request({ method, path, querystring, headers }, limits);
      return !isNodeFault(answer.statusCode);
    } catch {
      // Any error means that the node is not healthy.
      return false;
    }
  }
}

function isContext(context: unknown): context is RequestContext {
  return typeof context === "object" && context !== null && "asked" in context;
}
