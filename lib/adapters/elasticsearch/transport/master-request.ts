/**
 * A request that only the elected master answers, at no cost however many indices there are; 503 without a master.
 * Needs the privilege `monitor`.
 */
export const masterRequest = {
  method: "GET",
  path: "/_cluster/pending_tasks",
  querystring: { master_timeout: "2s", filter_path: "tasks.priority" },
  headers: { accept: "application/json" },
} as const;
