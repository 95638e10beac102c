/**
 * - `unjoined`: not in the group.
 * - `joining`: waiting for JoinGroup. Owned partitions keep running under the previous generation.
 * - `syncing`: joined, waiting for the assignment of the new generation.
 * - `stable`: assigned.
 */
export type Phase = "unjoined" | "joining" | "syncing" | "stable";
