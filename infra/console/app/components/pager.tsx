import { hrefWith, usePlace } from "../state/router.ts";

/** Links to the pages of a long table, as `page` in the address; renders nothing for a single page. */
export function Pager({ page, pages }: { readonly page: number; readonly pages: number }) {
  const place = usePlace();
  if (pages <= 1) return null;
  const link = (to: number, label: string) =>
    to < 1 || to > pages ? (
      <span class="muted">{label}</span>
    ) : (
      <a href={hrefWith(place, { page: to === 1 ? null : String(to) })}>{label}</a>
    );
  return (
    <nav class="pager" aria-label="Pages of the table">
      {link(page - 1, "Previous")}
      <span>
        Page {page} of {pages}
      </span>
      {link(page + 1, "Next")}
    </nav>
  );
}
