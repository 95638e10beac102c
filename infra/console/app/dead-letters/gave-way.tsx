import type { IgnoredFields } from "../../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { gaveWayReason, noneGaveWayText } from "../../../../lib/rules/search/hits/gave-way.ts";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { exploreHref } from "../explore/query/address.ts";
import { around } from "../explore/query/time-range.ts";
import { parseDocumentId } from "../../../../lib/rules/documents/document-id.ts";
import { Table } from "../parts/table.tsx";

/** Fields whose records are indexed but cannot be found by the field's name. */
export function GaveWay({
  gaveWay: { fields, problems },
  topic,
}: {
  readonly gaveWay: IgnoredFields;
  readonly topic: string;
}) {
  return (
    <section>
      <h2>Fields that gave way</h2>
      {fields.length > 0 || problems.length > 0 ? null : (
        <p>
          <Hostile text={noneGaveWayText(topic === "" ? null : topic)} />
        </p>
      )}
      {problems.map((problem) => (
        <Notice key={problem} kind="info">
          The list is incomplete: <Hostile text={problem.replace(/\.$/, "")} />.
        </Notice>
      ))}
      {fields.length === 0 ? null : (
        <>
          <p>
            Records with a time in the last 24 hours that are indexed, and not found by the names of these
            fields. Nothing is lost: the values are in the documents. Rename the field where it is written, or
            map it in an index template of your own.
          </p>
          <Table
            label="Fields that gave way"
            columns={["Topic", "Field", "Why", ["Records", "number"], "Example"]}
          >
            <tbody>
              {fields.map((one) => (
                <tr key={`${one.topic}/${one.why}/${one.field}`}>
                  <th scope="row">{one.topic}</th>
                  <td data-label="Field" class="field">
                    <code>
                      <Hostile text={one.field} />
                    </code>
                  </td>
                  <td data-label="Why">
                    <Hostile text={gaveWayReason(one)} />
                  </td>
                  <td data-label="Records" class="number">
                    <Count value={one.records} />
                  </td>
                  <td data-label="Example">
                    <a href={exampleHref(one.topic, one.sample.id)}>
                      Open<span class="unseen"> one with {one.field}</span>
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </Table>
        </>
      )}
    </section>
  );
}

function exampleHref(topic: string, id: string): string {
  const at = parseDocumentId(topic, id)?.timestamp ?? -1;
  return exploreHref({ topics: [topic], ...(at < 0 ? {} : around(at, 60_000)), doc: { topic, id } });
}
