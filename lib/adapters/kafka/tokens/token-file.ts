import type { TokenFileSasl } from "../../../rules/model/settings.ts";
import {
  bearerToken,
  type BearerToken,
  hasExpired,
  NO_TOKEN,
  tokenIn,
} from "../../../rules/secrets/bearer-token.ts";
import { readTextFile } from "../../system/text-file.ts";

/** The token that the file holds now. @throws Error that names the file and says what is wrong with it */
export function fileToken({ tokenFile }: Pick<TokenFileSasl, "tokenFile">, nowMs: number): BearerToken {
  const file = `the file ${tokenFile} (kafka.sasl.tokenFile)`;
  let content: string;
  try {
    content = readTextFile(tokenFile).text;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new Error(`${NO_TOKEN}: ${file} cannot be read (${code})`, {
      cause: error,
    });
  }
  const text = tokenIn(content);
  const fault = content.trim() === "" ? "is empty" : "does not hold one token and nothing else";
  if (text === null) throw new Error(`${NO_TOKEN}: ${file} ${fault}`);
  const token = bearerToken(text, nowMs, null);
  if (!hasExpired(token, nowMs)) return token;
  // A broker may take it for some seconds more, and close the connection at the next request.
  const at = new Date(token.expiresAtMs ?? nowMs).toISOString();
  throw new Error(`${NO_TOKEN}: ${file} holds one that expired at ${at}: renew it, or is a clock wrong?`);
}
