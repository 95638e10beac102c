import type { FleetTopic } from "../../../../functions/fleet/model.ts";
import { seenAs, type SeenState } from "../../../../lib/rules/progress/status.ts";
import { Count } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { Told } from "../components/times.tsx";
import { unknown } from "../text/format.ts";
import { spansText } from "./spans.ts";
import { Table } from "../parts/table.tsx";

/** Which host reads which partitions of each topic. */
export function Owners({ topics }: { readonly topics: readonly FleetTopic[] }) {
  if (topics.length === 0) return <p>No topic fits the filter.</p>;
  return (
    <Table label="Partitions by host" columns={["Topic", "State", ["Lag", "number"], "Read by"]}>
      <tbody>
        {topics.map((one) => (
          <tr key={one.topic}>
            <th scope="row">
              <a href={`/ui/topics/${one.topic}`}>{one.topic}</a>
            </th>
            <td class="state-cell" data-label="State">
              <Seen state={seenAs(one)} />
              {one.reason === null ? null : (
                <span class="why">
                  <Told text={one.reason} />
                </span>
              )}
            </td>
            <td class="number" data-label="Lag">
              <Count value={one.lag} />
            </td>
            <td class="reason state-cell" data-label="Read by">
              <ReadBy partitions={one.partitions} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Seen({ state }: { readonly state: SeenState | null }) {
  return state === null ? <>{unknown}</> : <StateLabel state={state} />;
}

function ReadBy({ partitions }: Pick<FleetTopic, "partitions">) {
  if (partitions.length === 0) return <span class="muted">{unknown}</span>;
  const byHost = Map.groupBy(partitions, ({ host }) => host);
  return (
    <ul class="chips">
      {[...byHost].map(([host, own]) => (
        <li key={host ?? ""}>
          {host === null ? <span class="warning">no host</span> : <Hostile text={host} />}:{" "}
          {spansText(own.map(({ partition }) => partition))}
        </li>
      ))}
    </ul>
  );
}
