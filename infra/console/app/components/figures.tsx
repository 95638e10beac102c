import { exactCount, ratePerSecond, shortCount, unknown } from "../text/format.ts";

/** A count, abbreviated if it is large; its title has all digits. */
export function Count({ value }: { readonly value: number | null }) {
  if (value === null) return <span class="muted">{unknown}</span>;
  const [short, exact] = [shortCount(value), exactCount(value)];
  return short === exact ? <span>{short}</span> : <span title={exact}>{short}</span>;
}

export function Rate({ value }: { readonly value: number }) {
  return <span class={value === 0 ? "muted" : ""}>{ratePerSecond(value)}</span>;
}
