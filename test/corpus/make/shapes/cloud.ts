import type { Kit, Shape } from "../kit.ts";

const security = ["20 security sources"];

const requestParameters = ({ pick, hex, below, prose }: Kit): unknown =>
  pick<unknown>([
    null,
    { bucketName: "shop-backups", key: `db/${hex(8)}.dump`, "x-amz-acl": "private" },
    { instancesSet: { items: [{ instanceId: `i-${hex(12)}` }] }, force: below(2) === 1 },
    { filterSet: {}, maxResults: 1000 },
    {
      policyDocument: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`,
    },
    { description: prose(6), tags: "none" },
  ]);

/** Audit logs of clouds: one name, many shapes, as each service fills it. */
export const cloudShapes: readonly Shape[] = [
  {
    name: "aws-cloudtrail",
    timestamp: ["eventTime"],
    precisionMs: 1000,
    text: "errorMessage",
    groups: security,
    of: (kit) => ({
      eventVersion: "1.09",
      userIdentity: kit.mostly([
        { type: "Root", accountId: "123456789012" },
        {
          type: "AssumedRole",
          arn: `arn:aws:sts::123456789012:assumed-role/deploy/${kit.person()}`,
          sessionContext: {
            attributes: { mfaAuthenticated: "false" },
            sessionIssuer: { userName: "deploy" },
          },
        },
      ]),
      eventTime: `${kit.iso.slice(0, 19)}Z`,
      eventSource: kit.pick(["s3.amazonaws.com", "ec2.amazonaws.com", "iam.amazonaws.com"]),
      eventName: kit.pick(["GetObject", "TerminateInstances", "PutRolePolicy", "ConsoleLogin"]),
      awsRegion: "eu-central-1",
      sourceIPAddress: kit.pick([kit.ip(), "cloudformation.amazonaws.com"]),
      requestParameters: requestParameters(kit),
      responseElements: kit.mostly([null, { ConsoleLogin: "Success" }, "omitted"]),
      ...(kit.once(3) && {
        errorCode: "AccessDenied",
        errorMessage: `User ${kit.person()} is not authorized to perform: iam:PutRolePolicy`,
      }),
      additionalEventData: kit.mostly([{ bytesTransferredIn: 0.0, CipherSuite: "TLS_AES_128" }, "none"]),
      eventID: kit.uuid(),
      readOnly: kit.mostly([true, "true"]),
    }),
  },
  {
    name: "aws-guardduty",
    timestamp: ["updatedAt"],
    text: "description",
    groups: security,
    of: (kit) => ({
      schemaVersion: "2.0",
      id: kit.hex(32),
      type: kit.pick(["Recon:EC2/PortProbeUnprotectedPort", "UnauthorizedAccess:IAMUser/ConsoleLogin"]),
      severity: kit.mostly([2, 5.5, 8]),
      resource: kit.mostly([
        { resourceType: "Instance", instanceDetails: { tags: [{ key: "app", value: "shop" }] } },
        "AccessKey",
      ]),
      service: {
        action: { actionType: "PORT_PROBE", portProbeAction: { blocked: kit.once(2) } },
        count: kit.below(90),
      },
      title: "Unprotected port is being probed.",
      description: `EC2 instance has an unprotected port which ${kit.ip()} is probing: ${kit.prose(5)}.`,
      updatedAt: kit.iso,
    }),
  },
  {
    name: "gcp-audit",
    timestamp: ["timestamp"],
    groups: security,
    of: (kit) => ({
      insertId: kit.hex(12),
      logName: "projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity",
      protoPayload: {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        authenticationInfo: { principalEmail: `${kit.person()}@example.org` },
        methodName: kit.pick(["v1.compute.instances.insert", "google.iam.admin.v1.SetIamPolicy"]),
        request: kit.mostly([
          { name: "node-7", disks: [{ boot: true }] },
          { policy: { bindings: [{ role: "roles/owner", members: ["user:x"] }] } },
        ]),
        response: kit.mostly([{ operation: { id: kit.hex(8) } }, "done"]),
        status: kit.once(3)
          ? { code: 7, message: "PERMISSION_DENIED: missing compute.instances.create" }
          : {},
      },
      resource: { type: "gce_instance", labels: { project_id: "shop-prod", zone: "europe-west3-a" } },
      severity: kit.pick(["NOTICE", "ERROR"]),
      timestamp: `${kit.iso.slice(0, -1)}${String(kit.below(999_999)).padStart(6, "0")}Z`,
      labels: { app: "shop", "app.kubernetes.io/name": "shop" },
    }),
  },
  {
    name: "gcp-structured",
    timestamp: ["timestamp"],
    text: "textPayload",
    groups: ["41 applications"],
    of: (kit) => ({
      ...(kit.once(2)
        ? { textPayload: `${kit.person()} opened ${kit.prose(6)}` }
        : {
            jsonPayload: {
              message: `worker stopped: ${kit.prose(5)}`,
              attempt: kit.below(9),
              error: kit.mostly(["EOF", { code: 14 }]),
            },
          }),
      httpRequest: {
        requestMethod: "GET",
        status: 200,
        latency: kit.mostly(["0.012s", 0.012]),
        remoteIp: kit.ip(),
      },
      severity: kit.mostly(["INFO", "WARNING", 500]),
      "logging.googleapis.com/trace": `projects/shop/traces/${kit.hex(32)}`,
      timestamp: { seconds: Math.floor(kit.ms / 1000), nanos: (kit.ms % 1000) * 1e6 }.seconds,
    }),
    precisionMs: 1000,
  },
  {
    name: "azure-activity",
    timestamp: ["time"],
    groups: security,
    of: (kit) => ({
      time: kit.iso.replace("Z", `${String(kit.below(9999)).padStart(4, "0")}Z`),
      resourceId: `/SUBSCRIPTIONS/${kit.uuid().toUpperCase()}/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.KEYVAULT`,
      operationName: kit.mostly([
        "MICROSOFT.KEYVAULT/VAULTS/READ",
        { value: "Sign-in", localizedValue: "Anmeldung" },
      ]),
      category: "Administrative",
      resultType: kit.mostly(["Success", 0, 50126]),
      resultDescription: `Invalid username or password or Invalid on-premise username: ${kit.prose(3)}.`,
      callerIpAddress: kit.ip(),
      identity: kit.mostly([
        { claim: { "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "a@example.org" } },
        kit.person(),
      ]),
      properties: kit.mostly([
        { statusCode: "OK", riskDetail: "none" },
        `{"requestbody":"${kit.hex(8)}"}`,
        null,
      ]),
      durationMs: kit.mostly([0, "12"]),
    }),
  },
  {
    name: "azure-signin",
    timestamp: ["createdDateTime"],
    text: "userDisplayName",
    groups: security,
    of: (kit) => ({
      id: kit.uuid(),
      createdDateTime: kit.iso,
      userDisplayName: `${kit.person()} Example`,
      location: kit.mostly([{ city: "Zürich", geoCoordinates: { latitude: 47.3, longitude: 8.5 } }, "CH"]),
      status: kit.mostly([{ errorCode: 50126, failureReason: "Error validating credentials" }, "success", 0]),
      deviceDetail: { browser: "Firefox 128", isCompliant: kit.mostly([true, "unknown"]) },
      appliedConditionalAccessPolicies: kit.mostly([
        [],
        [{ displayName: "Require MFA", result: "notApplied" }],
        "none",
      ]),
    }),
  },
  {
    name: "okta-system-log",
    timestamp: ["published"],
    text: "displayMessage",
    groups: security,
    of: (kit) => ({
      actor: { id: kit.hex(20), type: "User", alternateId: `${kit.person()}@example.org`, detailEntry: null },
      client: {
        userAgent: { rawUserAgent: "Mozilla/5.0 (X11; Linux x86_64)", os: "Linux" },
        ipAddress: kit.ip(),
      },
      displayMessage: kit.pick([
        "User login to Okta",
        "Authentication of user via MFA",
        "Add user to group membership",
      ]),
      eventType: "user.session.start",
      outcome: kit.mostly([{ result: "FAILURE", reason: "INVALID_CREDENTIALS" }, "SUCCESS"]),
      published: kit.iso,
      target: kit.mostly([null, [{ type: "AppInstance", displayName: "Jira" }], { type: "group" }]),
      debugContext: {
        debugData: {
          requestUri: "/api/v1/authn",
          threatSuspected: "false",
          risk: kit.mostly(["{level=LOW}", { level: "HIGH" }]),
        },
      },
      version: kit.mostly(["0", 0]),
    }),
  },
  {
    name: "github-audit",
    timestamp: ["@timestamp"],
    groups: security,
    of: (kit) => ({
      "@timestamp": kit.ms,
      action: kit.pick(["repo.access", "org.invite_member", "protected_branch.policy_override"]),
      actor: kit.person(),
      actor_location: { country_code: "CH" },
      org: kit.mostly(["example", ["example", "example-labs"]]),
      user: kit.mostly([kit.person(), { login: kit.person(), id: kit.below(9999) }]),
      explanation: `branch rule was overridden: ${kit.prose(4)}`,
      _document_id: kit.hex(22),
    }),
  },
];
