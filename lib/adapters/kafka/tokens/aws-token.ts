import { messageOf } from "../../../rules/base/errors.ts";
import type { AwsSasl } from "../../../rules/model/settings.ts";
import { bearerToken, type BearerToken, NO_TOKEN } from "../../../rules/secrets/bearer-token.ts";

/**
 * A token for Amazon MSK: the presigned request `kafka-cluster:Connect`, made by AWS's own signer without asking a server,
 * except for the credentials.
 * @throws Error that names AWS and says why there is no token
 */
export async function awsToken({ region, roleArn, profile }: AwsSasl, nowMs: number): Promise<BearerToken> {
  try {
    // Loaded only here: with AWS's SDK behind it, it takes memory and a tenth of a second.
    const signer = await import("aws-msk-iam-sasl-signer-js");
    const { token, expiryTime } =
      roleArn !== null
        ? await signer.generateAuthTokenFromRole({
            region,
            awsRoleArn: roleArn,
            awsRoleSessionName: "penstock",
          })
        : profile !== null
          ? await signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
          : await signer.generateAuthToken({ region });
    return bearerToken(token, nowMs, expiryTime - nowMs);
  } catch (error) {
    throw new Error(`${NO_TOKEN}: AWS: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
