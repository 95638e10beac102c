import type { FaultWorld } from "./world.ts";

/**
 * TO BE FILLED IN once `bun run audit` exists: audits the topics of a world whose Elasticsearch lost documents, expects
 * that it names exactly what is missing, repairs, and audits again.
 */
export async function auditAndRepair(_world: FaultWorld, _topics: readonly string[]): Promise<void> {}
