import { useEffect, useMemo, useRef, useState } from "../hooks/hooks.ts";
import { type SeenState, worstFirst } from "../../../../lib/rules/progress/status.ts";
import { Count } from "../components/figures.tsx";
import { Loading } from "../components/lazily.tsx";
import { Pager } from "../components/pager.tsx";
import { StateLabel } from "../components/state-label.tsx";
import { useTopics } from "./use-topics.ts";
import { TopicRows } from "./topic-rows.tsx";
import { plural } from "../text/format.ts";
import { Filter } from "../parts/filter.tsx";
import { pageRows } from "../text/page-of.ts";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { isOutOfOrder, keptOrder, orderOf, parseTopicsQuery } from "./topics-table.ts";

/** All topics of this host. Filter and sort cover all of them; a page shows 100. */
export function Topics() {
  const place = usePlace();
  const query = parseTopicsQuery(place.query);
  const table = useTopics();
  const [resorted, resort] = useState(0);

  const rows = table?.rows;
  const wanted = useMemo(() => (rows === undefined ? [] : orderOf(rows, query)), [rows, place.query]);
  const shown = useRef<{ of: string; order: readonly string[] }>({ of: "", order: [] });
  const question = JSON.stringify([query.text, [...query.states], query.sort, resorted, rows === undefined]);
  const order = shown.current.of === question ? keptOrder(shown.current.order, wanted) : wanted;
  shown.current = { of: question, order };
  const moved = rows !== undefined && isOutOfOrder(order, wanted, rows, query);

  const pages = Math.max(1, Math.ceil(order.length / pageRows));
  const page = Math.min(query.page, pages);
  useEffect(() => {
    if (table !== null && query.page > pages) navigate(hrefWith(place, { page: null }), { replace: true });
  }, [query.page, pages, table === null]);

  if (table === null) return <Loading />;
  const counts = new Map<SeenState, number>();
  for (const { state } of table.rows.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  const toggled = (state: string): string => {
    const states = new Set<string>(query.states);
    if (!states.delete(state)) states.add(state);
    return hrefWith(place, { state: [...states].join(","), page: null });
  };
  return (
    <>
      <h1>Topics</h1>
      <div class="bar">
        <Filter label="Filter by topic, index or source" text={query.text} />
        <ul class="chips" aria-label="States">
          {worstFirst.map((state) => {
            const count = counts.get(state) ?? 0;
            const on = query.states.has(state);
            if (count === 0 && !on) return null;
            return (
              <li key={state}>
                <a
                  class={`chip ${on ? "on" : ""}`}
                  href={toggled(state)}
                  aria-current={on ? "true" : undefined}
                >
                  <Count value={count} /> <StateLabel state={state} />
                </a>
              </li>
            );
          })}
        </ul>
        <span class="muted" role="status">
          {order.length === table.rows.size
            ? plural(order.length, "topic")
            : `${order.length} of ${plural(table.rows.size, "topic")}`}
        </span>
        {moved ? (
          <span>
            Order changed ·{" "}
            <button type="button" class="plain" onClick={() => resort(resorted + 1)}>
              Re-sort
            </button>
          </span>
        ) : null}
      </div>
      {order.length === 0 ? (
        <Empty topics={table.rows.size} />
      ) : (
        <TopicRows
          table={table}
          topics={order.slice((page - 1) * pageRows, page * pageRows)}
          sort={query.sort}
        />
      )}
      <Pager page={page} pages={pages} />
    </>
  );
}

function Empty({ topics }: { readonly topics: number }) {
  if (topics > 0) return <p>No topic fits the filter.</p>;
  return (
    <p>
      No topics are declared. Add one under <a href="/ui/declarations">Declarations</a>, or in the config
      file: <code>topics: [my_topic]</code>.
    </p>
  );
}
