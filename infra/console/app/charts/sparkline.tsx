import { memo } from "../hooks/hooks.ts";

const width = 72;
const height = 18;

/** The recent rate, as a line from zero. Hidden from screen readers, since the figure beside it says the same. */
export const Sparkline = memo(({ values }: { readonly values: readonly number[] }) => {
  if (values.length < 2) return <svg class="spark" width={width} height={height} aria-hidden="true" />;
  const highest = Math.max(...values, 1);
  const step = width / (values.length - 1);
  const points = values.map((value, place) => {
    const y = height - 1 - (value / highest) * (height - 2);
    return `${(place * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
});
