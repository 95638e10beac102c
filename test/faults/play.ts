import type { Replica } from "../support/faults/replica.ts";
import type { Scene, SceneOptions, SceneResult } from "../support/faults/scene.ts";

/** A scene, its hosts at hand. */
export type Stage = Omit<Scene, "replicas"> & { readonly replicas: readonly [Replica, ...Replica[]] };

/** Plays a scene in the world of these tests, expects every record exactly once, and puts its row into the table. */
export type Play = (options: SceneOptions, inflict: (stage: Stage) => Promise<void>) => Promise<SceneResult>;
