import type { TestAuthority, TestCertificate } from "./certificates.ts";

/** Adds what protects Elasticsearch in production: TLS and a login. */
export interface SecuredElasticsearch extends AsyncDisposable {
  readonly url: string;
  /** The real server that receives the requests. */
  node: string;
  /** Accepted `Authorization` headers; others get a 401, and `powerless` ones a 403. */
  accepted: string;
  powerless: boolean;
  /** Cuts current requests; new connections get this certificate. */
  show(certificate: TestCertificate): void;
}

const headers = { "content-type": "application/json", "x-elastic-product": "Elasticsearch" };

/** The words of the security module, which is not published. */
function refusal(status: 401 | 403): Response {
  const reason =
    status === 401
      ? "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
      : "action [indices:data/write/bulk] is unauthorized for API key id [k] of user [u]";
  const error = { root_cause: [], type: "security_exception", reason };
  return Response.json(
    { error, status },
    {
      status,
      headers: {
        ...headers,
        ...(status === 401 && { "www-authenticate": 'Basic realm="security", ApiKey' }),
      },
    },
  );
}

/**
 * A TLS proxy for a real Elasticsearch, on 127.0.0.1.
 * @param options.clientCa the authority that must have signed client certificates
 */
export function secureElasticsearch(
  node: string,
  certificate: TestCertificate,
  { clientCa, accepted }: { readonly clientCa?: TestAuthority; readonly accepted: string },
): SecuredElasticsearch {
  let port = 0;
  const listen = ({ cert, key }: TestCertificate) =>
    Bun.serve({
      hostname: "127.0.0.1",
      port,
      maxRequestBodySize: 200_000_000,
      tls: { cert, key, ...(clientCa && { ca: clientCa.ca, requestCert: true, rejectUnauthorized: true }) },
      fetch: (request: Request): Response | Promise<Response> => {
        if (request.headers.get("authorization") !== proxy.accepted) return refusal(401);
        const isWrite = request.method !== "GET" && !request.url.includes("_search");
        return proxy.powerless && isWrite ? refusal(403) : passOn(request, proxy.node);
      },
    });
  let server: ReturnType<typeof listen>;
  const proxy: SecuredElasticsearch = {
    node,
    accepted,
    powerless: false,
    get url() {
      return `https://127.0.0.1:${port}`;
    },
    show(next) {
      void server.stop(true);
      server = listen(next);
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  server = listen(certificate);
  port = server.port ?? 0;
  return proxy;
}

async function passOn(request: Request, node: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const passed = new Headers();
  for (const name of ["accept", "content-type"]) {
    const value = request.headers.get(name);
    if (value !== null) passed.set(name, value);
  }
  const body = await request.arrayBuffer();
  const answer = await fetch(`${node}${pathname}${search}`, {
    method: request.method,
    headers: passed,
    ...(body.byteLength > 0 && { body }),
  });
  const product = answer.headers.get("x-elastic-product");
  return new Response(await answer.arrayBuffer(), {
    status: answer.status,
    headers: {
      "content-type": answer.headers.get("content-type") ?? headers["content-type"],
      ...(product !== null && { "x-elastic-product": product }),
    },
  });
}
