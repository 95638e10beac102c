import type {
  FailureStoreDigest,
  StoreDigest,
} from "../../../../functions/digest-dead-letters/read-failure-stores.ts";
import type { StoredKind } from "../../../../lib/rules/dead-letters/failure-stores.ts";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { Time } from "../components/times.tsx";
import { exploreHref } from "../explore/query/address.ts";
import { plural } from "../text/format.ts";
import { Table } from "../parts/table.tsx";

/** With the cluster's setting, each data stream may have a store. */
const MAX_NAMED = 20;

interface FailureStoresProps {
  readonly found: FailureStoreDigest;
  /** A replay is running or requested. */
  readonly busy: boolean;
  readonly onDryRun: () => void;
}

/** What Elasticsearch keeps of refused documents, beside the letters. Nothing if no target has a failure store. */
export function FailureStores({ found: { stores, problems }, busy, onDryRun }: FailureStoresProps) {
  const readOnly = useReadOnly();
  if (stores.length + problems.length === 0) return null;
  const isEmpty = stores.every(({ ours }) => ours.documents === 0);
  const filled = stores.filter(({ ours, others }) => ours.documents + others.documents > 0);
  const empty = stores.filter((store) => !filled.includes(store));
  return (
    <section>
      <h2>Failure stores</h2>
      {problems.map((problem) => (
        <Notice key={problem} kind="warning">
          <Hostile text={problem} />
        </Notice>
      ))}
      {stores.length === 0 ? null : (
        <p>
          Elasticsearch keeps its own copy of what a data stream refused. Of each such record, the host wrote
          a dead letter, indexed another form, or tries it again: the copies are not needed to bring it in. A
          replay deletes the copies of all records that are in the index by then, and leaves those of other
          programs alone.
        </p>
      )}
      {filled.map((store) => (
        <Store key={store.stream} store={store} />
      ))}
      {empty.length === 0 ? null : (
        <p>
          Nothing lies in {empty.length === 1 ? "that" : "those"} of{" "}
          <Hostile
            text={empty
              .slice(0, MAX_NAMED)
              .map(({ stream }) => stream)
              .join(", ")}
          />
          {empty.length > MAX_NAMED ? ` and ${empty.length - MAX_NAMED} more.` : "."}
        </p>
      )}
      {isEmpty ? null : (
        <p>
          <button
            type="button"
            disabled={busy || readOnly}
            aria-describedby={readOnly ? readOnlyId : undefined}
            onClick={onDryRun}
          >
            Count what a replay would delete
          </button>
        </p>
      )}
    </section>
  );
}

function Store({ store: { stream, topics, enabled, ours, others } }: { readonly store: StoreDigest }) {
  const foreign =
    others.documents === 0 ? "" : ` Also ${plural(others.documents, "document")} of other programs.`;
  return (
    <>
      <h3>
        <Hostile text={stream} />
      </h3>
      <p>
        {ours.documents === 0
          ? `Nothing of ${topics.length === 1 ? topics[0] : "these topics"} lies here.`
          : `${plural(ours.documents, "document")} of ${plural(ours.records, "record")}, a copy for each refusal.`}
        {foreign}
        {enabled === false ? " The store is switched off: nothing is added." : ""}
        {ours.documents === 0 ? null : (
          <>
            {" "}
            <a href={exploreHref({ topics: topics.slice(0, 10), from: "now-7d", refused: true })}>
              Show the last seven days<span class="unseen"> of {stream}</span>
            </a>
          </>
        )}
      </p>
      {ours.kinds.length === 0 ? null : (
        <Table
          label={`Refused documents of ${stream} by error`}
          columns={["Error", ["Documents", "number"], "First seen", "Last seen", "Newest example"]}
        >
          <tbody>
            {ours.kinds.map((kind) => (
              <Kind key={kind.error} kind={kind} />
            ))}
          </tbody>
        </Table>
      )}
      {ours.otherKinds === 0 ? null : <p>{plural(ours.otherKinds, "document")} with other errors.</p>}
    </>
  );
}

function Kind({ kind: { error, documents, firstSeen, lastSeen, sample } }: { readonly kind: StoredKind }) {
  return (
    <tr>
      <th scope="row">
        <code>
          <Hostile text={error} />
        </code>
      </th>
      <td data-label="Documents" class="number">
        <Count value={documents} />
      </td>
      <td data-label="First seen">
        <Time at={Date.parse(firstSeen)} />
      </td>
      <td data-label="Last seen">
        <Time at={Date.parse(lastSeen)} />
      </td>
      <td data-label="Newest example" class="reason">
        {sample.id === null ? null : (
          <>
            <code>
              <Hostile text={sample.id} />
            </code>
            :{" "}
          </>
        )}
        <Hostile text={sample.reason.slice(0, 300)} />
      </td>
    </tr>
  );
}
