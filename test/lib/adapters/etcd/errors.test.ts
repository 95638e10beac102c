import { expect, test } from "bun:test";
import { castGrpcErrorMessage } from "etcd3";
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
