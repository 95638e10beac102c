/** The latest records of one topic. */
export function LatestRecords({ topic }: { readonly topic: string }) {
  return (
    <p>
      <a href={`/ui/explore?topic=${topic}`}>Latest records</a>
    </p>
  );
}
