import type { Mending, TriedMending } from "../../../../../functions/mend-letters.ts";
import type { Proposal } from "../../../../../lib/rules/mending/proposal.ts";
import type { Verdict } from "../../../../../lib/rules/mending/verdict.ts";
import { bestText, goodText, lettersText } from "../../../../../lib/rules/mending/words.ts";
import { Hostile } from "../../components/hostile.tsx";
import { readOnlyId, useReadOnly } from "../../components/read-only.tsx";
import { Table } from "../../parts/table.tsx";

/** The proposals, the smallest change first, with what each would do once it was tried. */
export function ProposalsTable({
  topic,
  mending,
  tried,
  onApply,
}: {
  readonly topic: string;
  readonly mending: Mending;
  readonly tried: TriedMending | null;
  readonly onApply: (proposal: Proposal) => void;
}) {
  const readOnly = useReadOnly();
  return (
    <Table
      label="Proposals"
      look="cards groups"
      columns={["Change", "Letters", "Good records", ["Actions", "unseen"]]}
    >
      <tbody>
        {mending.proposals.map((proposal) => {
          const { id, title, change, costs, declare } = proposal;
          const verdict = tried?.verdicts[id] ?? null;
          return (
            <tr key={id}>
              <td class="reason state-cell">
                <strong>
                  <Hostile text={title} />
                </strong>
                {tried?.best === id ? (
                  <span class={verdict?.good.tried === 0 ? "warning" : "ok"}> · {bestText(verdict)}</span>
                ) : null}
                {[change, ...costs].map((sentence) => (
                  <span key={sentence} class="why">
                    <Hostile text={sentence} />
                  </span>
                ))}
              </td>
              <td data-label="Letters" class="reason">
                <Result verdict={verdict} of="letters" />
              </td>
              <td data-label="Good records" class="reason">
                <Result verdict={verdict} of="good" />
              </td>
              <td class="actions">
                {declare ? (
                  <a
                    class="button"
                    href={`/ui/declarations?topic=${encodeURIComponent(topic)}&rejected=flatten`}
                  >
                    Declare…<span class="unseen"> {title}</span>
                  </a>
                ) : (
                  <button
                    type="button"
                    class={tried?.best === id ? "primary" : ""}
                    disabled={readOnly}
                    aria-describedby={readOnly ? readOnlyId : undefined}
                    onClick={() => onApply(proposal)}
                  >
                    Apply…<span class="unseen"> {title}</span>
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function Result({ verdict, of }: { readonly verdict: Verdict | null; readonly of: "letters" | "good" }) {
  if (verdict === null) return <span class="muted">not tried</span>;
  const { letters, good } = verdict;
  const isFine =
    of === "letters"
      ? letters.refused + letters.unknown === 0
      : good.tried > 0 && good.unchanged === good.tried;
  return (
    <>
      <span class={isFine ? "ok" : "warning"}>
        {of === "letters" ? lettersText(verdict) : goodText(verdict)}
      </span>
      {of === "letters" && verdict.reason !== null ? (
        <span class="why">
          <Hostile text={verdict.reason} />
        </span>
      ) : null}
      {of === "letters"
        ? verdict.notes.map((note) => (
            <span key={note} class="why">
              <Hostile text={note} />
            </span>
          ))
        : null}
    </>
  );
}
