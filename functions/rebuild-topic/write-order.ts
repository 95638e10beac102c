import { orderEntry, type RebuildOrder, type RebuildStep } from "../../lib/rules/rebuild/rebuild.ts";
import type { RebuildWorld } from "./look.ts";

/**
 * Writes the order, and beside it the step: hosts tell of it.
 * @param isOver ends the rebuild: only the step stays
 */
export async function writeOrder(
  { topic, action, by, force }: Pick<RebuildStep, "action" | "by" | "force"> & { readonly topic: string },
  order: RebuildOrder,
  world: Pick<RebuildWorld, "orders" | "now" | "signal">,
  isOver = false,
): Promise<void> {
  const step = { action, index: order.index, force, by, at: world.now() };
  await world.orders.write([orderEntry(topic, isOver ? null : order, step)], world.signal);
}
