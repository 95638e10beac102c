import { expect, test } from "bun:test";
import { KafkaJSConnectionError, KafkaJSProtocolError } from "kafkajs";
import { oauthBearer } from "../../../../../lib/adapters/kafka/tokens/oauth-bearer.ts";
import { bearerToken, type BearerToken } from "../../../../../lib/rules/secrets/bearer-token.ts";
import { rejection } from "../../../../support/rejection.ts";

const withLength = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** A broker that answers each message in turn, with a text or an error. */
function brokerWith(...answers: (string | Error)[]) {
  const sent: string[] = [];
  const refused: BearerToken[] = [];
  const token = bearerToken("the-token", 0, null);
  const { authenticationProvider } = oauthBearer(
    { current: async () => token, refused: (one) => refused.push(one) },
    { logicalCluster: "lkc-1", identityPoolId: "pool-1" },
  );
  const log = () => {};
  const logger = { info: log, warn: log, error: log, debug: log, namespace: () => logger, setLogLevel: log };
  const { authenticate } = authenticationProvider({
    host: "k",
    port: 1,
    logger,
    async saslAuthenticate({ request, response }) {
      const bytes = await request.encode();
      expect(bytes.readInt32BE()).toBe(bytes.length - 4);
      sent.push(bytes.subarray(4).toString());
      const answer = answers.shift() ?? "";
      if (answer instanceof Error) throw answer;
      return response?.parse(await response.decode(withLength(Buffer.from(answer))));
    },
  });
  return { authenticate, sent, refused, token };
}

test("a login is one message, with the token and the extensions (RFC 7628)", async () => {
  const { authenticate, sent, refused } = brokerWith("");
  await authenticate();
  expect(sent).toEqual([
    "n,,\u0001auth=Bearer the-token\u0001logicalCluster=lkc-1\u0001identityPoolId=pool-1\u0001\u0001",
  ]);
  expect(refused).toEqual([]);
});

test.each([
  [
    "its status, if the broker says it",
    ['{"status":"invalid_token"}', new KafkaJSProtocolError(new Error('{"status":"invalid_token"}'))],
    "invalid_token",
  ],
  [
    "its reason, if it gives one at the end, without the token",
    ['{"status":"invalid_token"}', new KafkaJSProtocolError(new Error("[id]: Access denied to the-token"))],
    "[id]: Access denied to (hidden)",
  ],
  [
    "its status, if it then closes the connection",
    ['{"status":"insufficient_scope"}', new KafkaJSConnectionError("Closed connection")],
    "insufficient_scope",
  ],
])("a refused login fails with %s", async (_, answers, says) => {
  const { authenticate, sent, refused, token } = brokerWith(...answers);
  expect(((await rejection(authenticate())) as Error).message).toBe(says);
  expect(sent.slice(1)).toEqual(["\u0001"]);
  expect(refused).toEqual([token]);
});

test("a connection that breaks is not a refused login", async () => {
  const broken = new KafkaJSConnectionError("Closed connection");
  const { authenticate, refused } = brokerWith(broken);
  expect(await rejection(authenticate())).toBe(broken);
  expect(refused).toEqual([]);
});
