import type { ListedLetter } from "../../../../../functions/list-dead-letters.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Time } from "../../components/times.tsx";
import { hrefWith, usePlace } from "../../state/router.ts";
import { exactCount, plural } from "../../text/format.ts";
import { emptyWords } from "../replay/replay-words.ts";
import { LetterView } from "./letter-view.tsx";
import { Table } from "../../parts/table.tsx";

/** The letters of one page; the address says which one is open. */
export function LettersTable({
  letters,
  state,
  isWhole,
}: {
  readonly letters: readonly ListedLetter[];
  readonly state: string;
  /** Whether every letter of the group was looked up. */
  readonly isWhole: boolean;
}) {
  if (letters.length === 0) return <p>{emptyWords(state, isWhole)}</p>;
  return (
    <Table
      label="Letters"
      look="cards groups"
      columns={["Partition/offset", "Failed at", "State", "Key", "Value", ["Actions", "unseen"]]}
    >
      {letters.map((letter) => (
        <Letter key={addressOf(letter)} letter={letter} />
      ))}
    </Table>
  );
}

function addressOf({ at }: ListedLetter): string {
  return `${at.partition}/${at.offset}`;
}

function Letter({ letter }: { readonly letter: ListedLetter }) {
  const place = usePlace();
  const address = addressOf(letter);
  const open = place.query.get("letter") === address;
  const { partition, offset, failedAt, state, heldBy, key, value, valueOmitted, records } = letter;
  return (
    <tbody>
      <tr>
        <th scope="row">
          {partition}/{exactCount(offset)}
        </th>
        <td data-label="Failed at">
          <Time at={Date.parse(failedAt)} />
        </td>
        <td data-label="State">
          {state}
          {heldBy === null ? null : (
            <>
              {" in "}
              <Hostile text={heldBy} />
            </>
          )}
        </td>
        <td data-label="Key" class="field">
          {key === null ? <span class="muted">none</span> : <Hostile text={key.slice(0, 40)} />}
        </td>
        <td data-label="Value" class="reason">
          {records > 1 ? (
            <span class="muted">a batch of {plural(records, "record")}</span>
          ) : value === null ? (
            <span class="muted">{valueOmitted ? "in its own topic" : "none"}</span>
          ) : (
            <Hostile text={value} />
          )}
        </td>
        <td class="actions">
          <a class="button" href={hrefWith(place, { letter: open ? null : address })}>
            {open ? "Close" : "Open"}
            <span class="unseen">
              {" "}
              the letter of partition {partition}, offset {offset}
            </span>
          </a>
        </td>
      </tr>
      {open ? (
        <tr class="sample">
          <td colSpan={6}>
            <LetterView address={address} />
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}
