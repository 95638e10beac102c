import type { Kit } from "../kit.ts";

/** An exception and its cause, on several lines. */
export function javaStack(kit: Kit): string {
  const frames = Array.from(
    { length: 3 + kit.below(8) },
    () =>
      `\tat com.shop.${kit.pick(["orders.OrderService.place", "payment.PaymentClient.charge", "stock.StockRepository.findByArticleId"])}(${kit.pick(["OrderService", "PaymentClient"])}.java:${kit.below(400)})`,
  );
  return [
    `java.lang.IllegalStateException: ${kit.prose(4)}`,
    ...frames,
    `Caused by: org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "orders_pkey"`,
    "\t... 42 more",
  ].join("\n");
}
