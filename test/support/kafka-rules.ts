import {
  type Admin,
  AclOperationTypes,
  AclPermissionTypes,
  type AclResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";

/** Properties of a broker that asks who may do what; what no rule speaks of, everybody may. */
export const withRules = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true",
};

/** One thing that everybody wants to do. */
export interface Act {
  readonly type: AclResourceTypes;
  readonly name: string;
  readonly operation: AclOperationTypes;
}

/** Everything but these stays allowed where they are forbidden. */
export async function forbid(admin: Admin, ...acts: readonly Act[]): Promise<void> {
  await admin.createAcls({
    acl: acts.flatMap((act) => [
      rule({ ...act, operation: AclOperationTypes.ALL }, AclPermissionTypes.ALLOW),
      rule(act, AclPermissionTypes.DENY),
    ]),
  });
}

/** Takes back what forbids these, where anything does. */
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
