import { useMemo } from "../hooks/hooks.ts";
import type { DeclarationsListing } from "../../../../functions/list-declarations.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { Pager } from "../components/pager.tsx";
import { exactCount, plural } from "../text/format.ts";
import { Filter } from "../parts/filter.tsx";
import { useTopics } from "../topics/use-topics.ts";
import { pageOf } from "../text/page-of.ts";
import { hrefWith, usePlace } from "../state/router.ts";
import { declarationRows, filterRows, type DeclarationRow } from "../plan/declaration-rows.ts";
import { DeclarationsTable, topicOf } from "./declarations-table.tsx";

/** All declarations. The filter covers all of them; a page shows 100. */
export function DeclarationsList({ listing }: { readonly listing: DeclarationsListing }) {
  const place = usePlace();
  const text = place.query.get("q") ?? "";
  const all = useMemo((): readonly DeclarationRow[] => declarationRows(listing), [listing]);
  const topics = useTopics();
  const stateOf = (row: DeclarationRow): string =>
    `${row.standing?.state ?? ""}\n${topicOf(row, topics)?.state ?? ""}`;
  const found = useMemo(() => filterRows(all, text, stateOf), [all, text, topics]);
  const entries = (of: typeof all): number => of.filter(({ entry }) => entry !== null).length;
  const { rows, page, pages } = pageOf(found, place.query.get("page"));
  const { config, etcd } = listing;
  const canEdit = etcd !== null && etcd.ok;
  return (
    <>
      {config.error === null ? null : (
        <Notice kind="bad">
          The config file cannot be used as it is; its last valid version stays in effect.{" "}
          <Hostile text={config.error} />
        </Notice>
      )}
      {etcd === null ? (
        <Notice kind="info">
          The config file has no etcd section. All declarations are in <Hostile text={config.path} />.
        </Notice>
      ) : etcd.error === null ? null : (
        <Notice kind="bad">
          etcd cannot be read or believed; below is what it said last, and nothing can be changed now.{" "}
          <Hostile text={etcd.error} />
        </Notice>
      )}
      <div class="bar">
        <Filter label="Filter by name, key, setting, state or reason" text={text} />
        {canEdit ? (
          <a class="button primary" href={hrefWith(place, { form: "add", page: null, rejected: null })}>
            Add
          </a>
        ) : null}
        <span class="muted" role="status">
          {found.length === all.length
            ? plural(entries(all), "declaration")
            : `${exactCount(entries(found))} of ${plural(entries(all), "declaration")}`}
        </span>
      </div>
      {all.length === 0 ? (
        <p>
          No topics are declared. Add one here, or in <Hostile text={config.path} />:{" "}
          <code>topics: [my_topic]</code>.
        </p>
      ) : found.length === 0 ? (
        <p>No declaration fits the filter.</p>
      ) : (
        <DeclarationsTable rows={rows} topics={topics} configPath={config.path} canEdit={canEdit} />
      )}
      <Pager page={page} pages={pages} />
      {etcd === null || etcd.keysLeftOut === 0 ? null : (
        <p class="warning">{plural(etcd.keysLeftOut, "key")} more in etcd, too much to list.</p>
      )}
    </>
  );
}
