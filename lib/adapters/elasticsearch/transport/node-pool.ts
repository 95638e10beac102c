import { BaseConnectionPool, errors, type BaseConnection } from "@elastic/elasticsearch";
import { isNodeFault, pauseMs, WELL_AFTER_MS } from "../../../rules/trouble/node-trouble.ts";
import { needsMaster } from "./master-question.ts";

/** What a request tells of itself; the client hands it through as its context. */
export interface RequestContext {
  /** Nodes that were asked by now: another one is wanted. */
  readonly asked: Set<string>;
}

interface Choice {
  readonly context?: unknown;
}

interface Trouble {
  /** How often it was left out, until it has been well for long enough. */
  readonly times: number;
  /** When it was left out, or came back; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** When it is to be tried again; null: it is in use. */
  readonly tryAtMs: number | null;
}

const PING_TIMEOUT_MS = 3_000;
const PING_AGAIN_MS = 2_000;

/**
 * The nodes, and which of them to ask: of those that are well the one with the fewest requests under way, so that a slow
 * one gets less and a silent one holds no more than its part of the requests, all others in turn. The client's own pools go on
 * visiting a node that does not answer, and give one that is back next to nothing.
 *
 * A node that failed is left out until it answers a small request that needs the cluster's master: one that lost the others
 * answers by itself and takes no writes. Whoever asks for a connection when a try is due sets it off, so that nothing runs
 * by itself. Where no node is well, all are asked.
 */
export class NodePool extends BaseConnectionPool {
  readonly #troubles = new Map<string, Trouble>();
  readonly #pinged = new Set<string>();
  readonly #life = new AbortController();
  /** Of the next to be asked: the first in the list begins. */
  #turn = -1;

  override markDead(connection: BaseConnection): this {
    const now = Date.now();
    const before = this.#troubles.get(connection.id);
    // The only one is asked in any case.
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

  // What the base class declares as parameter is more than it passes on.
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
    const querystring = new URLSearchParams(needsMaster.querystring).toString();
    const { signal } = this.#life;
    const limits = { timeout: PING_TIMEOUT_MS, signal, requestId: "", name: "", context: null };
    try {
      const { method, path, headers } = needsMaster;
      const answer = await connection.request({ method, path, querystring, headers }, limits);
      return !isNodeFault(answer.statusCode);
    } catch {
      // Whatever it is: it does not answer as it should.
      return false;
    }
  }
}

function isContext(context: unknown): context is RequestContext {
  return typeof context === "object" && context !== null && "asked" in context;
}
