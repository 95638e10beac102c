import {
  allowInsecureRequests,
  type ClientAuth,
  clientCredentialsGrantRequest,
  customFetch,
  OperationProcessingError,
  PARSE_ERROR,
  processClientCredentialsResponse,
  RESPONSE_IS_NOT_JSON,
  ResponseBodyError,
} from "oauth4webapi";
import { messageOf } from "../../../rules/base/errors.ts";
import { secondsText } from "../../../rules/base/units.ts";
import { proxyText } from "../../../rules/config/proxy.ts";
import type { TokenEndpointSasl } from "../../../rules/model/settings.ts";
import {
  bearerToken,
  type BearerToken,
  hasExpired,
  NO_TOKEN,
  tokenIn,
} from "../../../rules/secrets/bearer-token.ts";
import type { Secret } from "../../../rules/secrets/secret.ts";
import { linkTrouble } from "../../../rules/trouble/link-trouble.ts";
import { proxyAddress } from "../../system/proxy-environment.ts";

const ANSWER_MS = 10_000;
/** Of what the endpoint says about an error. */
const SHOWN_CHARACTERS = 200;

/**
 * Asks the token endpoint for a token (client credentials grant: RFC 6749, section 4.4).
 * @throws Error that names the endpoint and says why there is no token
 */
export async function endpointToken(sasl: TokenEndpointSasl, nowMs: number): Promise<BearerToken> {
  const { tokenEndpoint, clientId, proxy } = sasl;
  const deadline = AbortSignal.timeout(ANSWER_MS);
  let response: Response | null = null;
  try {
    response = await ask(sasl, deadline);
    const answer = await processClientCredentialsResponse(serverOf(sasl), { client_id: clientId }, response);
    const text = tokenIn(answer.access_token);
    if (text === null) throw new Fault("answered with an access_token that cannot be sent (RFC 6750)");
    const lifeMs = answer.expires_in === undefined ? null : answer.expires_in * 1000;
    const token = bearerToken(text, nowMs, lifeMs);
    if (!hasExpired(token, nowMs)) return token;
    const at = new Date(token.expiresAtMs ?? nowMs).toISOString();
    throw new Fault(`answered with a token that had expired at ${at}: is a clock wrong?`);
  } catch (error) {
    const via = proxy === null ? "" : ` through ${proxyText(proxy)}`;
    const why = deadline.aborted
      ? `did not answer within ${secondsText(ANSWER_MS)}`
      : reasonOf(error, response, sasl);
    throw new Error(`${NO_TOKEN}: the token endpoint ${tokenEndpoint}${via} ${why}`, { cause: error });
  }
}

/** Says what is wrong with an answer that the library accepts. */
class Fault extends Error {}

/** The library wants an issuer, which this grant does not use. */
function serverOf({ tokenEndpoint }: TokenEndpointSasl) {
  return { issuer: tokenEndpoint, token_endpoint: tokenEndpoint };
}

async function ask(sasl: TokenEndpointSasl, signal: AbortSignal): Promise<Response> {
  const { clientId, clientSecret, scope, ca, proxy } = sasl;
  const response = await clientCredentialsGrantRequest(
    serverOf(sasl),
    { client_id: clientId },
    basicLogin(clientId, clientSecret),
    scope === null ? {} : { scope },
    {
      signal,
      // Like Elasticsearch's nodes, it may speak plain HTTP, within a mesh for instance.
      [allowInsecureRequests]: true,
      [customFetch]: (url, { method, headers, body, redirect }) =>
        fetch(url, {
          method,
          headers,
          body,
          redirect,
          signal,
          ...(ca !== null && { tls: { ca } }),
          ...(proxy !== null && { proxy: proxyAddress(proxy) }),
        }),
    },
  );
  // With this header, the library does not read the error in the body, which says more.
  const headers = new Headers(response.headers);
  headers.delete("www-authenticate");
  return new Response(response.body, { status: response.status, headers });
}

/**
 * HTTP Basic (RFC 6749, section 2.3.1), which every endpoint must support. The library's own also encodes `-`, `.` and `_`,
 * which not all endpoints decode.
 */
function basicLogin(clientId: string, clientSecret: Secret): ClientAuth {
  const encoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
  const login = `${encoded(clientId)}:${encoded(clientSecret.reveal())}`;
  return (_server, _client, _body, headers) => headers.set("authorization", `Basic ${btoa(login)}`);
}

function reasonOf(
  error: unknown,
  response: Response | null,
  { tokenEndpoint, clientId, ca }: TokenEndpointSasl,
): string {
  if (error instanceof Fault) return error.message;
  if (response === null) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const link = { url: tokenEndpoint, setting: "kafka.sasl.tls", tls: { ca, cert: null } } as const;
    const trouble = linkTrouble(`${code} ${messageOf(error)}`, link) ?? (code || messageOf(error));
    return `cannot be reached: ${trouble}`;
  }
  const { status } = response;
  if (error instanceof ResponseBodyError) {
    const said = [error.error, error.error_description].filter((text) => text !== undefined).join(": ");
    const shown = said.replaceAll(/\s+/g, " ").slice(0, SHOWN_CHARACTERS);
    const isClient = status === 401 || /^(invalid|unauthorized)_client$/.test(error.error);
    return isClient ? `refused the client ${clientId} (${status}): ${shown}` : `answered ${status}: ${shown}`;
  }
  if (status === 401 || status === 403) return `refused the client ${clientId} (${status})`;
  if (status !== 200) return `answered ${status}`;
  const code = error instanceof OperationProcessingError ? error.code : undefined;
  if (code === RESPONSE_IS_NOT_JSON || code === PARSE_ERROR) {
    const type = response.headers.get("content-type") ?? "no content type";
    return `answered with ${type.slice(0, SHOWN_CHARACTERS)} that is not JSON: it may be a login page or a proxy`;
  }
  const [, field] = /"(\w+)" property/.exec(messageOf(error)) ?? [];
  return field === undefined
    ? "answered with JSON that is not an object"
    : `answered without a valid ${field} (RFC 6749, section 5.1)`;
}
