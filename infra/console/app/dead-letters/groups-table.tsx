import type { DigestGroup } from "../../../../lib/rules/dead-letters/dead-letter-digest.ts";
import { Count } from "../components/figures.tsx";
import { groupHref } from "./replay/group-address.ts";
import { Hostile } from "../components/hostile.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { Time } from "../components/times.tsx";
import { exactCount, shortCount } from "../text/format.ts";
import { hrefWith, usePlace } from "../state/router.ts";
import { Table } from "../parts/table.tsx";

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
    <Table
      label="Dead letters by topic, index, error and field"
      look="cards groups"
      columns={[
        "Topic",
        "Index",
        "Error",
        "Field",
        ["Left", "number"],
        ["All", "number"],
        "Last seen",
        ["Actions", "unseen"],
      ]}
    >
      {groups.map((group) => (
        <Group key={groupHref(group)} group={group} {...actions} />
      ))}
    </Table>
  );
}

function Group({ group, busy, onReplay }: { readonly group: DigestGroup } & GroupActions) {
  const place = usePlace();
  const readOnly = useReadOnly();
  const { topic, index, field, error, count, states, lastSeen, sample } = group;
  const left = count - states.resolved;
  const name = `${left} of ${topic}, ${error}`;
  return (
    <tbody>
      <tr>
        <th scope="row">
          <a href={hrefWith(place, { topic, page: null })}>{topic}</a>
        </th>
        <td data-label="Index" class="field">
          <Hostile text={index} />
        </td>
        <td data-label="Error" class="field">
          <a href={groupHref(group)} title={sample.reason}>
            <code>
              <Hostile text={error} />
            </code>
          </a>
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
        <td data-label="Left" class="number">
          <Count value={left} />
        </td>
        <td data-label="All" class="number">
          <Count value={count} />
        </td>
        <td data-label="Last seen">
          <Time at={Date.parse(lastSeen)} />
        </td>
        <td class="actions">
          <a class="button" href={groupHref(group)}>
            Open<span class="unseen"> the letters of {name}</span>
          </a>{" "}
          <button
            type="button"
            disabled={busy || readOnly || left === 0}
            aria-describedby={readOnly ? readOnlyId : undefined}
            title={exactCount(left)}
            onClick={() => onReplay(group)}
          >
            Replay {shortCount(left)}
            <span class="unseen"> of {name}</span>
          </button>
        </td>
      </tr>
    </tbody>
  );
}
