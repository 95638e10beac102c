import { useState } from "hono/jsx/dom";
import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { Time } from "../components/times.tsx";
import { exactCount, shortCount } from "../text/format.ts";
import { hrefWith, usePlace } from "../state/router.ts";

interface GroupActions {
  /** A replay is running or requested. */
  readonly busy: boolean;
  readonly onReplay: (group: DigestGroup) => void;
}

/** Dead letters grouped by error, the most frequent first. */
export function GroupsTable({
  groups,
  ...actions
}: { readonly groups: readonly DigestGroup[] } & GroupActions) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Dead letters by topic, field and error">
      <table class="cards groups">
        <thead>
          <tr>
            <th scope="col">Topic</th>
            <th scope="col">Error</th>
            <th scope="col">Field</th>
            <th scope="col" class="number">
              Count
            </th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        {groups.map((group) => (
          <Group key={JSON.stringify([group.topic, group.field, group.error])} group={group} {...actions} />
        ))}
      </table>
    </div>
  );
}

function Group({ group, busy, onReplay }: { readonly group: DigestGroup } & GroupActions) {
  const place = usePlace();
  const readOnly = useReadOnly();
  const [open, setOpen] = useState(false);
  const { topic, field, error, count, firstSeen, lastSeen, sample } = group;
  const name = `${count} of ${topic}, ${error}`;
  return (
    <tbody>
      <tr>
        <th scope="row">
          <a href={hrefWith(place, { topic, page: null })}>{topic}</a>
        </th>
        <td data-label="Error">
          <code>
            <Hostile text={error} />
          </code>
        </td>
        <td data-label="Field" class="field">
          {field === null ? (
            <span class="muted">none named</span>
          ) : (
            <code>
              <Hostile text={field} />
            </code>
          )}
        </td>
        <td data-label="Count" class="number">
          <Count value={count} />
        </td>
        <td data-label="First seen">
          <Time at={Date.parse(firstSeen)} />
        </td>
        <td data-label="Last seen">
          <Time at={Date.parse(lastSeen)} />
        </td>
        <td class="actions">
          <button
            type="button"
            class="plain"
            aria-expanded={open ? "true" : "false"}
            onClick={() => setOpen(!open)}
          >
            {open ? "Close" : "Open"}
            <span class="unseen"> the sample of {name}</span>
          </button>{" "}
          <button
            type="button"
            disabled={busy || readOnly}
            aria-describedby={readOnly ? readOnlyId : undefined}
            title={exactCount(count)}
            onClick={() => onReplay(group)}
          >
            Replay {shortCount(count)}
            <span class="unseen"> of {name}</span>
          </button>
        </td>
      </tr>
      {open ? (
        <tr class="sample">
          <td colSpan={7}>
            <Sample sample={sample} />
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}

function Sample({
  sample: { topic, partition, offset, reason, value },
}: {
  readonly sample: DigestGroup["sample"];
}) {
  return (
    <dl class="facts">
      <dt>Sample</dt>
      <dd>
        {topic}, partition {partition}, offset {exactCount(offset)}
      </dd>
      <dt>Reason</dt>
      <dd>
        <Hostile text={reason} />
      </dd>
      <dt>Value</dt>
      <dd>
        {value === null ? (
          <span class="muted">None: the record has no value, or is too large for a letter.</span>
        ) : (
          <pre tabindex={0} aria-label="The value's beginning">
            <Hostile text={value} keep={"\n\t"} />
          </pre>
        )}
        {value !== null && value.length >= 199 ? <span class="muted">Its first 200 characters.</span> : null}
      </dd>
    </dl>
  );
}
