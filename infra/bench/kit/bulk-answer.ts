import { z } from "zod";

const bulkAnswer = z.object({ items: z.array(z.object({ create: z.object({ status: z.number() }) })) });

/** What a bulk of creates asked, and the status it got, item by item; both lines as they were sent. */
export function createdIn(
  body: Uint8Array,
  answer: Uint8Array,
): { readonly action: string; readonly document: string; readonly status: number }[] {
  const { items } = bulkAnswer.parse(JSON.parse(new TextDecoder().decode(answer)));
  const lines = new TextDecoder().decode(body).split("\n");
  return items.map(({ create: { status } }, position) => ({
    action: lines[2 * position] ?? "",
    document: lines[2 * position + 1] ?? "",
    status,
  }));
}
