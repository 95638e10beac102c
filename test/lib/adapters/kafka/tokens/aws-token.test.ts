import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsToken } from "../../../../../lib/adapters/kafka/tokens/aws-token.ts";
import type { AwsSasl } from "../../../../../lib/rules/model/settings.ts";
import { rejection } from "../../../../support/rejection.ts";

/** AWS's own variables: nothing of this machine's, and no server but the test's. */
const NOTHING = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_SESSION_TOKEN: undefined,
  AWS_CREDENTIAL_EXPIRATION: undefined,
  AWS_PROFILE: undefined,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/nowhere",
  AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
  AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9",
};
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

const before = { ...process.env };
const use = (variables: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
};
beforeEach(() => use(NOTHING));
afterEach(() => use(Object.fromEntries(Object.keys(NOTHING).map((name) => [name, before[name]]))));

const sasl: AwsSasl = { mechanism: "aws-msk-iam", region: "eu-central-1", roleArn: null, profile: null };

/** The presigned request that a token is. */
async function requestOf(changes: Partial<AwsSasl> = {}) {
  const nowMs = Date.now();
  const { value, expiresAtMs } = await awsToken({ ...sasl, ...changes }, nowMs);
  const url = new URL(Buffer.from(value.reveal(), "base64url").toString());
  return { url, query: Object.fromEntries(url.searchParams), lifeMs: (expiresAtMs ?? 0) - nowMs };
}

test("a token is the presigned request that MSK documents, and lives for 15 minutes", async () => {
  use(KEYS);
  const { url, query, lifeMs } = await requestOf();
  expect(url.origin + url.pathname).toBe("https://kafka.eu-central-1.amazonaws.com/");
  expect(query).toEqual({
    Action: "kafka-cluster:Connect",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": expect.stringMatching(
      /^AKIDEXAMPLE\/\d{8}\/eu-central-1\/kafka-cluster\/aws4_request$/,
    ),
    "X-Amz-Date": expect.stringMatching(/^\d{8}T\d{6}Z$/),
    "X-Amz-Expires": "900",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": expect.stringMatching(/^[0-9a-f]{64}$/),
    "User-Agent": expect.stringContaining("aws-msk-iam-sasl-signer-js"),
  });
  // Its date has whole seconds.
  expect(lifeMs).toBeWithin(898_000, 930_000);
});

test("a token does not outlive its credentials, in whole seconds", async () => {
  use({
    ...KEYS,
    AWS_SESSION_TOKEN: "session",
    AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + 100_500).toISOString(),
  });
  const { query, lifeMs } = await requestOf();
  expect(query["X-Amz-Security-Token"]).toBe("session");
  expect(query["X-Amz-Expires"]).toBeOneOf(["100", "99", "98"]);
  expect(lifeMs).toBeLessThan(100_500);
});

test("a profile of AWS's files, and one that is not there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-aws-"));
  try {
    const file = join(folder, "credentials");
    await writeFile(file, "[penstock]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = s\n");
    use({ AWS_SHARED_CREDENTIALS_FILE: file });
    expect((await requestOf({ profile: "penstock" })).query["X-Amz-Credential"]).toStartWith("AKIDPROFILE/");
    expect(((await rejection(requestOf({ profile: "other" }))) as Error).message).toMatch(
      /^there is no token for the login at Kafka: AWS: .*\bother\b/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a role is assumed at AWS's token service", async () => {
  const asked: string[] = [];
  const service = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      asked.push(await request.text());
      const expiration = new Date(Date.now() + 3_600_000).toISOString();
      return new Response(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
        <Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        { headers: { "content-type": "text/xml" } },
      );
    },
  });
  try {
    use({ ...KEYS, AWS_ENDPOINT_URL_STS: service.url.href });
    const { query } = await requestOf({ roleArn: "arn:aws:iam::123456789012:role/penstock" });
    expect(query["X-Amz-Credential"]).toStartWith("ASIAROLE/");
    expect(query["X-Amz-Security-Token"]).toBe("t");
    expect(new URLSearchParams(asked[0]).get("RoleArn")).toBe("arn:aws:iam::123456789012:role/penstock");
  } finally {
    await service.stop(true);
  }
});

test("without credentials, the reason is said", async () => {
  expect(((await rejection(requestOf())) as Error).message).toBe(
    "there is no token for the login at Kafka: AWS: Could not load credentials from any providers",
  );
});
