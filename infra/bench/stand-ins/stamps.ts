import { z } from "zod";

const STAMP = /"message":"(\d+\.\d{3}) /;
const bulkAnswer = z.object({ items: z.array(z.object({ create: z.object({ status: z.number() }) })) });

/** Prefixes a line with the current time, as `performance.now()` tells it. */
export function stamped(line: string): string {
  return `${performance.now().toFixed(3)} ${line}`;
}

/** Returns the stamps of the documents that are in the index now: created by this bulk, or there already. */
export function stampsTaken(body: Uint8Array, answer: Uint8Array): number[] {
  const { items } = bulkAnswer.parse(JSON.parse(new TextDecoder().decode(answer)));
  const lines = new TextDecoder().decode(body).split("\n");
  return items.flatMap(({ create: { status } }, position) => {
    const stamp = STAMP.exec(lines[2 * position + 1] ?? "")?.[1];
    return stamp !== undefined && (status < 300 || status === 409) ? [Number(stamp)] : [];
  });
}
