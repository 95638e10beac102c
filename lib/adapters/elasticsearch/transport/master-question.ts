/**
 * A small question that only the elected master answers, and that costs it nothing, however many indices there are:
 * 503 where there is none. To be asked with the privilege `monitor`.
 */
export const needsMaster = {
  method: "GET",
  path: "/_cluster/pending_tasks",
  querystring: { master_timeout: "2s", filter_path: "tasks.priority" },
  headers: { accept: "application/json" },
} as const;
