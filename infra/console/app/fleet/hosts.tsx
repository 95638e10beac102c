import type { FleetHost } from "../../../../functions/fleet/model.ts";
import { Count, Rate } from "../components/figures.tsx";
import { Hostile } from "../components/hostile.tsx";
import { Age, Time, Told } from "../components/times.tsx";
import { unknown } from "../text/format.ts";
import { Table } from "../parts/table.tsx";

/** One line for each host, this one first. */
export function Hosts({ hosts, group }: { readonly hosts: readonly FleetHost[]; readonly group: string }) {
  return (
    <section>
      <h2>
        Hosts of the group <Hostile text={group} />
      </h2>
      <Table
        label="Hosts"
        columns={[
          "Host",
          "Status",
          "Version",
          "Runs for",
          ["Partitions", "number"],
          ["Records/s", "number"],
          ["Lag", "number"],
          ["Indexed", "number"],
          ["Dead-lettered", "number"],
        ]}
      >
        <tbody>
          {hosts.map((host) => (
            <HostRow key={host.name} host={host} />
          ))}
        </tbody>
      </Table>
    </section>
  );
}

function HostRow({ host }: { readonly host: FleetHost }) {
  const { version, startedAt, partitions, rate, lag, counts } = host;
  return (
    <tr>
      <th scope="row">
        <HostName host={host} />
      </th>
      <td class="state-cell" data-label="Status">
        <Status host={host} />
      </td>
      <td data-label="Version">{version === null ? unknown : <Hostile text={version} />}</td>
      <td data-label="Runs for">{startedAt === null ? unknown : <Age since={Date.parse(startedAt)} />}</td>
      <td class="number" data-label="Partitions">
        <Count value={partitions} />
      </td>
      <td class="number" data-label="Records/s">
        {rate === null ? unknown : <Rate value={rate} />}
      </td>
      <td class="number" data-label="Lag">
        <Count value={lag} />
      </td>
      <td class="number" data-label="Indexed">
        <Count value={counts?.indexed ?? null} />
      </td>
      <td class="number" data-label="Dead-lettered">
        <Count value={counts?.deadLettered ?? null} />
      </td>
    </tr>
  );
}

/** The name leads to that host's own console. Whoever joins the group chooses its name and its address. */
function HostName({ host: { name, address, isSelf } }: { readonly host: FleetHost }) {
  const shown = <Hostile text={name} />;
  if (isSelf || address === null) return shown;
  return (
    <a href={`${address}/ui/fleet`} title={address} rel="noreferrer">
      {shown}
    </a>
  );
}

const classes = { "this host": "", answers: "ok", away: "bad", unknown: "warning" } as const;

function Status({ host: { status, reason, since } }: { readonly host: FleetHost }) {
  return (
    <>
      <span class={classes[status]}>{status}</span>
      {since === null ? null : (
        <>
          {" "}
          since <Time at={Date.parse(since)} />
        </>
      )}
      {reason === null ? null : (
        <span class="why reason">
          <Told text={reason} />
        </span>
      )}
    </>
  );
}
