import { type Remedy, remedy } from "./remedy.ts";

/** For an index with blocks. @param blocks settings under `index.blocks`, for example `write` */
export function blockRemedy(index: string, blocks: readonly string[]): Remedy {
  if (blocks.includes("read_only_allow_delete"))
    return remedy("free disk space: Elasticsearch lifts the block by itself");
  const settings = blocks.map((block) => `index.blocks.${block}`);
  const body = JSON.stringify(Object.fromEntries(settings.map((name) => [name, null])));
  return remedy(`set ${settings.join(", ")} to false`, `PUT ${encodeURIComponent(index)}/_settings ${body}`);
}

export function closedRemedy(index: string): Remedy {
  return remedy("open the index", `POST ${encodeURIComponent(index)}/_open`);
}

/** For an index that does not exist where Elasticsearch may not create it. */
export function absentIndexRemedy(index: string): Remedy {
  return remedy(
    "create it, or allow Elasticsearch to create indices automatically",
    `PUT ${encodeURIComponent(index)}`,
  );
}

export function pipelineRemedy(pipeline: string): Remedy {
  return remedy(
    "create it with its processors (without any, as in this request, it changes nothing), or correct the declaration; the topics stall until then",
    `PUT _ingest/pipeline/${encodeURIComponent(pipeline)} {"processors": []}`,
  );
}

export const writeIndexRemedy = remedy(
  "let it refer to one index, or set is_write_index for exactly one of them",
);

const clusterBlocks = { "cluster.blocks.read_only": null, "cluster.blocks.read_only_allow_delete": null };
export const clusterBlockRemedy = remedy(
  "set cluster.blocks.read_only to null",
  `PUT _cluster/settings ${JSON.stringify({ persistent: clusterBlocks, transient: clusterBlocks })}`,
);

export const unassignedRemedy = remedy(
  "look why a primary shard is not assigned, and start the nodes that are down",
  "GET _cluster/allocation/explain",
);

export const streamTemplateRemedy = remedy(
  "create an index template with data_stream for this name, or set elasticsearch.manageTemplates to true",
);
