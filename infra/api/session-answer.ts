/** What somebody may do: everything, or look at everything. */
export type Access = "full" | "read-only";

/** What GET /session answers. */
export interface SessionAnswer {
  /** What the asker may do without a header; null: nothing before signing in. */
  readonly access: Access | null;
}
