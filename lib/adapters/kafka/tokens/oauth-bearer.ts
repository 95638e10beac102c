import { KafkaJSProtocolError, type Mechanism } from "kafkajs";
import { messageOf } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import type { SaslExtensions } from "../../../rules/model/settings.ts";
import type { BearerToken } from "../../../rules/secrets/bearer-token.ts";
import { createRedaction } from "../../../rules/secrets/redaction.ts";

type Provider = Mechanism["authenticationProvider"];
type SaslAuthenticate = Parameters<Provider>[0]["saslAuthenticate"];

/** Between the parts of a message: RFC 7628, section 3.1. */
const SEPARATOR = "\u0001";
const LENGTH_BYTES = 4;

/** Where a login takes its token from. */
export interface TokenSupply {
  current(): Promise<BearerToken>;
  /** The broker refused this one. */
  refused(token: BearerToken): void;
}

/**
 * SASL OAUTHBEARER (RFC 7628) for kafkajs. Its own does not read the broker's answer: it takes a refused login for an
 * accepted one, and the next request then ends with a closed connection instead of a reason.
 */
export function oauthBearer(supply: TokenSupply, extensions: SaslExtensions): Mechanism {
  return {
    mechanism: "oauthbearer",
    authenticationProvider: ({ saslAuthenticate }) => ({
      async authenticate() {
        const shown = await supply.current();
        const token = shown.value.reveal();
        const parts = [`auth=Bearer ${token}`, ...Object.entries(extensions).map((pair) => pair.join("="))];
        const message = ["n,,", ...parts, "", ""].join(SEPARATOR);
        const answer = await send(saslAuthenticate, message);
        if (answer.length === 0) return;
        supply.refused(shown);
        // The broker says why once more, and then closes the connection, as an answer to this (section 3.2.3).
        let said = answer;
        try {
          await send(saslAuthenticate, SEPARATOR);
        } catch (error) {
          // Or it has closed the connection already.
          if (error instanceof KafkaJSProtocolError) said = messageOf(error);
        }
        throw new Error(createRedaction([token])(refusalIn(said)));
      },
    }),
  };
}

/** @returns the broker's answer, empty if it accepted */
async function send(saslAuthenticate: SaslAuthenticate, message: string): Promise<string> {
  const bytes = Buffer.from(message);
  const request = Buffer.alloc(LENGTH_BYTES + bytes.length);
  request.writeInt32BE(bytes.length);
  bytes.copy(request, LENGTH_BYTES);
  const answer = await saslAuthenticate({
    request: { encode: () => request },
    response: { decode: (data) => data.subarray(LENGTH_BYTES), parse: String },
  });
  return answer ?? "";
}

/** The `status` of the error that section 3.2.2 describes; any other text as it is. */
function refusalIn(said: string): string {
  try {
    const error: unknown = JSON.parse(said);
    return isObject(error) && typeof error["status"] === "string" ? error["status"] : said;
  } catch {
    return said;
  }
}
