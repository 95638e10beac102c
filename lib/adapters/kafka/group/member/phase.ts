/**
 * - `away`: not in the group, or not any more.
 * - `joining`: a JoinGroup waits. What is held goes on under the generation before.
 * - `syncing`: joined, and not told yet what is ours in the new generation.
 * - `steady`: told.
 */
export type Phase = "away" | "joining" | "syncing" | "steady";
