import type { SourceRef } from "../../../../lib/rules/model/declaration.ts";
import { Hostile } from "./hostile.tsx";

/** Where something is declared: `etcd logs/a, entry 2, revision 4123`. Without an entry, the whole source. */
export function SourceName({ source }: { readonly source: SourceRef | Omit<SourceRef, "entry"> }) {
  const { kind, name, revision } = source;
  const entry = "entry" in source ? `, entry ${source.entry + 1}` : "";
  return (
    <>
      <Hostile text={`${kind === "etcd" ? `etcd ${name}` : name}${entry}`} />
      {revision === null ? "" : `, revision ${revision}`}
    </>
  );
}

/** The same for a table column, without the path of the config file. */
export function ShortSource({ source }: { readonly source: SourceRef | null }) {
  if (source === null) return <>–</>;
  return <Hostile text={source.kind === "etcd" ? `etcd ${source.name}` : "config"} />;
}
