import {
  type Admin,
  AclOperationTypes,
  AclPermissionTypes,
  type AclResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";
import { startStack } from "../../infra/stack/stack.ts";
import { connectTestKafka, type TestKafka } from "./kafka.ts";

/** Properties of a broker that checks ACLs; without an ACL, everybody may do everything. */
export const withRules = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true",
};

/** A separate broker with such rules, and the client that creates them. */
export interface RuledKafka extends AsyncDisposable {
  readonly kafka: TestKafka;
  /** Never asked about a topic: a rule that hides one it knows would fail all its questions. */
  readonly admin: Admin;
}

/** @param more properties and memory of the broker */
export async function startRuledKafka(
  more: { readonly properties?: Readonly<Record<string, string>>; readonly heapMb?: number } = {},
): Promise<RuledKafka> {
  await using opening = new AsyncDisposableStack();
  const stack = await startStack({
    kafkaProperties: { ...withRules, ...more.properties },
    ...(more.heapMb !== undefined && { kafkaHeapMb: more.heapMb }),
    elasticsearch: false,
    etcd: false,
  });
  opening.defer(() => stack.stop());
  const kafka = opening.use(await connectTestKafka(stack.kafka.brokers));
  const admin = kafka.kafka.admin();
  await admin.connect();
  opening.defer(() => admin.disconnect());
  const resources = opening.move();
  return { kafka, admin, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** An operation to forbid for everybody. */
export interface Act {
  readonly type: AclResourceTypes;
  readonly name: string;
  readonly operation: AclOperationTypes;
}

/** Forbids these operations, and leaves all others allowed. */
export async function forbid(admin: Admin, ...acts: readonly Act[]): Promise<void> {
  await admin.createAcls({
    acl: acts.flatMap((act) => [
      rule({ ...act, operation: AclOperationTypes.ALL }, AclPermissionTypes.ALLOW),
      rule(act, AclPermissionTypes.DENY),
    ]),
  });
}

/** Removes the rules that forbid these operations, if any. */
export async function permit(admin: Admin, ...acts: readonly Act[]): Promise<void> {
  await admin.deleteAcls({ filters: acts.map((act) => rule(act, AclPermissionTypes.DENY)) });
}

function rule({ type, name, operation }: Act, permissionType: AclPermissionTypes) {
  return {
    resourceType: type,
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:ANONYMOUS",
    host: "*",
    operation,
    permissionType,
  };
}
