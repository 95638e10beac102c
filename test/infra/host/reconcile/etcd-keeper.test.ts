import { expect, test } from "bun:test";
import { createEtcdKeeper } from "../../../../infra/host/reconcile/etcd-keeper.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rejection } from "../../../support/rejection.ts";

// Nobody listens on port 1; what an etcd that answers says is tried in test/integration.
const settings = { endpoints: ["http://127.0.0.1:1"], keys: ["logs/"], auth: null, tls: null };

test("an etcd that is not there is told as such, by settings in force and by others, and closing ends all of it", async () => {
  const reasons: string[] = [];
  const keeper = createEtcdKeeper((reason) => void reasons.push(reason), createMemoryLogger());
  const { signal } = new AbortController();
  expect(await rejection(keeper.read(settings, signal))).toMatchObject({ code: "etcd_unavailable" });
  expect(reasons).toEqual([]);
  await keeper.use(settings);
  expect(await rejection(keeper.read(settings, signal))).toMatchObject({ code: "etcd_unavailable" });
  await keeper.use(null);
  await keeper.close();
});
