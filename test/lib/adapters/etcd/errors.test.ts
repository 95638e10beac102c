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
  ["14 UNAVAILABLE: etcdserver: no leader", "no leader: too few of its members reach each other"],
])("%s: nothing of the library's inside is told", (said, told) => {
  expect(toEtcdError(castGrpcErrorMessage(said), settings)).toMatchObject({
    code: "etcd_unavailable",
    message: `etcd at http://e:2379 is not available: ${told}`,
  });
});

test.each([
  [
    "request is too large",
    "request is too large (the key's value is over what etcd takes, 1.5 MiB unless --max-request-bytes says otherwise): use more keys",
  ],
  ["user name is empty", "user name is empty (etcd.auth is not set)"],
])("%s: a refusal, with what to do", (said, told) => {
  const refusal = new GRPCInvalidArgumentError(`3 INVALID_ARGUMENT: etcdserver: ${said}`);
  expect(toEtcdError(refusal, settings)).toMatchObject({
    code: "etcd_refused",
    message: `etcd at http://e:2379 refused: ${told}`,
  });
});
