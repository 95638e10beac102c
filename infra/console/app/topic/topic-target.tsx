import { durationText, sizeText } from "../../../../lib/rules/base/units.ts";
import { generationsText, type TargetStatus } from "../../../../lib/rules/progress/holdings.ts";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Time } from "../components/times.tsx";
import { Figure } from "../parts/figure.tsx";
import { Problem } from "../parts/problem.tsx";
import { unknown } from "../text/format.ts";

/** What the topic's target in Elasticsearch holds. The host asks for it while this page is open. */
export function TopicTarget({ target }: { readonly target: TargetStatus | null }) {
  return (
    <section>
      <h2>In Elasticsearch</h2>
      {target === null ? <p class="muted">Asking Elasticsearch…</p> : <Held target={target} />}
    </section>
  );
}

function Held({ target }: { readonly target: TargetStatus }) {
  const { name, kind, generations, documents, topicDocuments, bytes, from, to, retentionMs } = target;
  const { at, reason, warning } = target;
  return (
    <>
      <Problem kind="warning" text={warning} />
      <p>
        <code>
          <Hostile text={name} />
        </code>{" "}
        {kindTexts[kind ?? "unknown"]}
        {kind === null || kind === "index" || kind === "absent" || generations === null
          ? ""
          : ` of ${generationsText(kind, generations)}`}
        .
        {at === null ? null : (
          <span class="muted">
            {" "}
            As of <Time at={at} />.
          </span>
        )}
      </p>
      {kind === "absent" ? null : (
        <dl class="figures">
          <Figure name="Documents" value={<Count value={documents} />}>
            {topicDocuments === null ? null : (
              <>
                <Count value={topicDocuments} /> of this topic
              </>
            )}
          </Figure>
          <Figure name="Size" value={bytes === null ? unknown : sizeText(bytes)}>
            {bytes === null ? null : "of the primary shards"}
          </Figure>
          <Figure name="First" value={from === null ? unknown : <Time at={from} />} small />
          <Figure name="Last" value={to === null ? unknown : <Time at={to} />} small />
          <Figure name="Kept" value={retentionMs === null ? unknown : durationText(retentionMs)}>
            {retentionMs === null ? "no lifecycle of a data stream" : "from the rollover of an index"}
          </Figure>
        </dl>
      )}
      {reason === null ? null : (
        <p class="muted">
          <Hostile text={reason} />
        </p>
      )}
    </>
  );
}

/** What follows the name. */
const kindTexts: Readonly<Record<NonNullable<TargetStatus["kind"]> | "unknown", string>> = {
  absent: "does not exist yet; its first document creates it",
  index: "is an index",
  "dated indices": "is a series",
  "indices by field": "is a set",
  alias: "is an alias",
  "data stream": "is a data stream",
  unknown: "is not known yet",
};
