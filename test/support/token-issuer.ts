/** Who may ask, and for whom the tokens are. */
export const CLIENT = "penstock-client";
export const CLIENT_SECRET = "the-Right+secret";
export const AUDIENCE = "kafka";

/** A small OIDC provider: signs JWTs, hands them out to one client, and publishes its key. */
export interface TestIssuer extends AsyncDisposable {
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  /** Of the tokens that it hands out. */
  lifeSeconds: number;
  /** Answers instead of the token endpoint; null to behave. */
  instead: (() => Response | Promise<Response>) | null;
  /** Requests to the token endpoint so far. */
  readonly asked: number;
  /** Signs a token that expires in so many seconds. */
  sign(lifeSeconds: number, audience?: string): Promise<string>;
}

const KEY_ID = "test-key";

export async function startTokenIssuer(): Promise<TestIssuer> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { ...algorithm, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  );
  const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: KEY_ID, alg: "RS256", use: "sig" };
  const sign = async (lifeSeconds: number, audience = AUDIENCE): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: CLIENT, aud: audience, iat: now, exp: now + lifeSeconds, scope: "read" };
    const text = [{ alg: "RS256", typ: "JWT", kid: KEY_ID }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = await crypto.subtle.sign(algorithm, privateKey, Buffer.from(text));
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  };

  const expected = `${CLIENT}:${encodeURIComponent(CLIENT_SECRET)}`;
  let asked = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: {
      "/jwks": () => Response.json({ keys: [jwk] }),
      "/token": {
        async POST(request) {
          asked += 1;
          if (issuer.instead !== null) return issuer.instead();
          const form = new URLSearchParams(await request.text());
          if (form.get("grant_type") !== "client_credentials")
            return Response.json({ error: "unsupported_grant_type" }, { status: 400 });
          if (atob((request.headers.get("authorization") ?? "").replace(/^Basic /, "")) !== expected)
            return Response.json(
              { error: "invalid_client", error_description: "unknown client or wrong secret" },
              { status: 401, headers: { "www-authenticate": "Basic" } },
            );
          const { lifeSeconds } = issuer;
          const token = await sign(lifeSeconds);
          return Response.json({ access_token: token, token_type: "Bearer", expires_in: lifeSeconds });
        },
      },
    },
    fetch: () => new Response("not here", { status: 404 }),
  });
  const issuer: TestIssuer = {
    tokenUrl: new URL("/token", server.url).href,
    jwksUrl: new URL("/jwks", server.url).href,
    lifeSeconds: 300,
    instead: null,
    get asked() {
      return asked;
    },
    sign,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return issuer;
}
