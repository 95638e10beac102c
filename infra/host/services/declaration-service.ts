import { setTimeout as delay } from "node:timers/promises";
import {
  planEdit,
  writeEdit,
  type LostEdit,
  type PlannedEdit,
  type RefusedEdit,
  type WrittenEdit,
} from "../../../functions/edit-declarations.ts";
import { listDeclarations, type DeclarationsListing } from "../../../functions/list-declarations.ts";
import type { SourceReaders } from "../../../functions/reconcile-topics/read-sources.ts";
import type { ReconcileMemory, ReconcileResult } from "../../../functions/reconcile-topics.ts";
import type { DeclarationsStore } from "../../../lib/adapters/etcd/declarations-store.ts";
import {
  readDeclarationsRequest,
  type DeclarationsRequestReading,
} from "../../../lib/rules/declarations/edit-request.ts";
import { hostStopping, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { EtcdKeyText } from "../../../lib/rules/declarations/etcd-memory.ts";
import type { EtcdSettings } from "../../../lib/rules/model/settings.ts";

/** Answers requests about declarations. Every call may throw PenstockError `etcd_…`. */
export interface DeclarationService {
  list(): Promise<DeclarationsListing>;
  /**
   * Changes one etcd key. The host learns of it through its watch, as of any other change.
   * @param body as received over HTTP
   * @param dryRun true to return the resulting plan and write nothing
   * @throws PenstockError `stopping` if the host stops first
   */
  edit(body: unknown, dryRun: boolean): Promise<EditAnswer>;
  /** Aborts the requests in progress. */
  stop(): void;
}

export type EditAnswer =
  | { readonly kind: "no etcd" }
  | Exclude<DeclarationsRequestReading, { kind: "request" }>
  | RefusedEdit
  | LostEdit
  | WrittenEdit
  | { readonly kind: "preview"; readonly edit: PlannedEdit; readonly result: ReconcileResult };

export interface DeclarationServiceDeps extends Pick<SourceReaders, "configPath" | "readEtcd"> {
  /** The current state. */
  memory(): ReconcileMemory;
  /** Why the config file cannot be used; null if it can. */
  configError(): string | null;
  /** The topics of this host. */
  topics(): Iterable<string>;
  /** What patterns excluded in the last run. */
  excluded(): ReconcileResult["excluded"];
  /** Makes a dry run as if the key had this value. */
  preview(asIf: EtcdKeyText): Promise<ReconcileResult>;
  withStore<T>(
    settings: EtcdSettings,
    use: (store: Pick<DeclarationsStore, "read" | "put">) => Promise<T>,
  ): Promise<T>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Deadline of one request; a single call to etcd has a shorter one. */
  readonly deadlineMs?: number;
}

export function createDeclarationService(deps: DeclarationServiceDeps): DeclarationService {
  const { deadlineMs = 10_000 } = deps;
  const life = new AbortController();

  const edit = async (body: unknown, dryRun: boolean): Promise<EditAnswer> => {
    const { etcd, deadLetters } = deps.memory().settings;
    if (etcd === null) return { kind: "no etcd" };
    const reading = readDeclarationsRequest(body, {
      listed: etcd.keys,
      deadLetterTopic: deadLetters.topic,
      nowMs: deps.now(),
    });
    if (reading.kind !== "request") return reading;
    const { request } = reading;
    const { random } = deps;
    const signal = AbortSignal.any([life.signal, AbortSignal.timeout(deadlineMs)]);
    if (!dryRun) {
      const wait = async (ms: number, until: AbortSignal): Promise<void> => {
        try {
          await delay(ms, undefined, { signal: until });
        } catch (cause) {
          const reason = `etcd key "${request.key}" kept being changed by others`;
          throw new PenstockError("deadline_exceeded", reason, { retryable: true, cause });
        }
      };
      return deps.withStore(etcd, (store) => writeEdit(request, { store, wait, random, signal }));
    }
    const planned = await deps.withStore(etcd, (store) => planEdit(request, { store, signal }));
    if (planned.kind !== "planned") return planned;
    const result = await deps.preview({ key: planned.key, text: planned.after });
    return { kind: "preview", edit: planned, result };
  };

  return {
    list: () =>
      listDeclarations(
        {
          memory: deps.memory(),
          config: { path: deps.configPath, error: deps.configError() },
          topics: deps.topics(),
          excluded: deps.excluded(),
        },
        {
          readEtcd: (settings, signal) => deps.readEtcd(settings, AbortSignal.any([signal, life.signal])),
        },
      ),
    async edit(body, dryRun) {
      try {
        life.signal.throwIfAborted();
        return await edit(body, dryRun);
      } catch (error) {
        // Otherwise an aborted call would look like an etcd failure.
        throw life.signal.aborted ? hostStopping() : error;
      }
    },
    stop: () => life.abort(hostStopping()),
  };
}
