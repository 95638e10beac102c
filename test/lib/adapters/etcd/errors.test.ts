import { expect, test } from "bun:test";
import { castGrpcErrorMessage, GRPCInvalidArgumentError } from "etcd3";
import { toEtcdError } from "../../../../lib/adapters/etcd/errors.ts";

const settings = { endpoints: ["http://e:2379"], auth: null, tls: null };

test.each([
  [
    "4 DEADLINE_EXCEEDED: Deadline exceeded after 3.127s,name resolution: 0.004s,metadata filters: 0.001s,LB pick: 0.004s",
    "it did not answer within 3 s",
  ],
  [
    "4 DEADLINE_EXCEEDED: Deadline exceeded after 3.001s,name resolution: 0.008s,Waiting for LB pick",
    "it did not answer within 3 s",
  ],
  ["4 DEADLINE_EXCEEDED: context deadline exceeded", "it did not answer within 3 s"],
  ["14 UNAVAILABLE: etcdserver: request timed out", "it did not answer within 3 s"],
  ["14 UNAVAILABLE: etcdserver: no leader", "no leader: too few members can reach each other"],
])("%s: shows none of the library's internals", (raw, shown) => {
  expect(toEtcdError(castGrpcErrorMessage(raw), settings)).toMatchObject({
    code: "etcd_unavailable",
    message: `etcd at http://e:2379 is not available: ${shown}`,
  });
});

test.each([
  [
    "request is too large",
    "request is too large (the value exceeds etcd's limit, --max-request-bytes, 1.5 MiB by default): spread it over more keys",
  ],
  ["user name is empty", "user name is empty (etcd.auth is not set)"],
])("%s: is a refusal that says what to do", (raw, shown) => {
  const refusal = new GRPCInvalidArgumentError(`3 INVALID_ARGUMENT: etcdserver: ${raw}`);
  expect(toEtcdError(refusal, settings)).toMatchObject({
    code: "etcd_refused",
    message: `etcd at http://e:2379 refused: ${shown}`,
  });
});
