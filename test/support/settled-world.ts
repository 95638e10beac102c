import { expect } from "bun:test";
import type { Settings } from "../../lib/rules/model/settings.ts";
import { declaration } from "./declarations.ts";
import { createWorld, type World } from "./reconcile-world.ts";
import { settings } from "./settings.ts";

/** The keys of the settled world. */
export const etcd = { endpoints: ["http://127.0.0.1:2379"], keys: ["logs/"], auth: null, tls: null };

/** A world with `app` declared in the file, and `one` and `two` in two keys of etcd; all are running. */
export async function settledWorld(): Promise<World> {
  const world = createWorld([], ["app", "one", "two"]);
  declare(world, { etcd }, "app");
  world.etcd = {
    clusterId: "c1",
    revision: 10,
    keys: { "logs/1": [{ topic: "one" }], "logs/2": [{ topic: "two" }] },
  };
  await world.run();
  expect(world.running()).toEqual(["app", "one", "two"]);
  return world;
}

/** Makes the config file declare only these topics. */
export function declare(world: World, changes: Partial<Settings>, ...topics: string[]): void {
  const declarations = topics.map((topic) => declaration(topic));
  world.config = { settings: settings(changes), declarations };
}
