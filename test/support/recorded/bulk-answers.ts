/**
 * Bulk answers that Elasticsearch 9.2.0 gave with our `filter_path`, or, if the local server cannot be
 * made to give them, answers from its source and documentation. Each says which.
 */

/** Recorded: `indexing_pressure.memory.limit: 2kb`, a bulk of 3 KB; without `root_cause`, which repeats the same. */
export const wholeTooMany = {
  status: 429,
  body: {
    error: {
      type: "es_rejected_execution_exception",
      reason:
        "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, coordinating_operation_bytes=3200, max_coordinating_bytes=2048]",
    },
    status: 429,
  },
} as const;

/** Recorded: `indexing_pressure.memory.primary.limit: 10b`. A shard refuses its part of a bulk, which affects some items. */
export const itemTooMany = {
  create: {
    status: 429,
    error: {
      type: "es_rejected_execution_exception",
      reason:
        "rejected execution of primary operation [coordinating_and_primary_bytes=199, replica_bytes=0, all_bytes=199, primary_operation_bytes=28, max_primary_bytes=10]",
    },
  },
} as const;

/** Source: `UnavailableShardsException`, thrown by `TransportReplicationAction` when the primary did not come back in time. */
export const itemUnavailable = {
  create: {
    status: 503,
    error: {
      type: "unavailable_shards_exception",
      reason: "[an-index][0] primary shard is not active Timeout: [1m], request: [BulkShardRequest]",
    },
  },
} as const;

/** Source: `ClusterBlockException` of a cluster without a master (`NoMasterBlockService`). */
export const wholeWithoutMaster = {
  status: 503,
  body: {
    error: { type: "cluster_block_exception", reason: "blocked by: [SERVICE_UNAVAILABLE/2/no master];" },
    status: 503,
  },
} as const;

/** nginx's answer for an Elasticsearch that it cannot reach. */
export const badGateway = {
  status: 502,
  body: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n",
} as const;

/** Documentation of the security features, which the local server lacks: no credentials. */
export const wholeUnauthenticated = {
  status: 401,
  body: {
    error: {
      type: "security_exception",
      reason: "missing authentication credentials for REST request [/_bulk]",
    },
    status: 401,
  },
} as const;

/** Source: `AuthorizationDenialMessages`; in a bulk, each item of a forbidden index gets it. */
export const itemForbidden = {
  create: {
    status: 403,
    error: {
      type: "security_exception",
      reason:
        "action [indices:data/write/bulk[s]] is unauthorized for user [penstock] with effective roles [reader] on indices [an-index], this action is granted by the index privileges [create_doc,create,delete,index,write,all]",
    },
  },
} as const;

/** Source: `TransportAbstractBulkAction.dropDocument`: a pipeline's `drop` processor; `noop` is what its `UpdateResponse` says. */
export const itemDropped = { create: { result: "noop", status: 200 } } as const;

/** Source: `FailProcessorException`, a `RuntimeException`, so that its status is 500: a pipeline's `fail` processor. */
export const itemFailedByPipeline = {
  create: {
    status: 500,
    error: { type: "fail_processor_exception", reason: "this service is not to be logged" },
  },
} as const;
