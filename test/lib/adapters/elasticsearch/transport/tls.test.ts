import { defaultTemplate } from "../../../../../lib/rules/model/settings.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createElasticsearch } from "../../../../../lib/adapters/elasticsearch/client.ts";
import type { TlsSettings } from "../../../../../lib/rules/model/settings.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";
import {
  createAuthority,
  type TestAuthority,
  type TestCertificate,
} from "../../../../support/certificates.ts";

/** Verifies that Bun's fetch honours the TLS settings in both directions. */
const { signal } = new AbortController();
let authority: TestAuthority;
let stranger: TestAuthority;
let certificates: Record<"good" | "expired" | "elsewhere" | "client" | "foreign", TestCertificate>;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority("Stranger")]);
  certificates = {
    good: await authority.issue("good", { hosts: ["127.0.0.1"] }),
    expired: await authority.issue("expired", { hosts: ["127.0.0.1"], expired: true }),
    elsewhere: await authority.issue("elsewhere", { hosts: ["es.example", "10.0.0.1"] }),
    client: await authority.issue("client"),
    foreign: await stranger.issue("foreign"),
  };
});
afterAll(() => Promise.all([authority, stranger].map((one) => one[Symbol.asyncDispose]())));

type Trust = () => Partial<TlsSettings> | null;

/** Probes a server with this certificate. Returns the error message without the port, or null. */
async function probe(
  shown: keyof typeof certificates | null,
  trusted: Trust,
  options: { scheme?: string; clientCa?: boolean } = {},
): Promise<string | null> {
  const certificate = shown === null ? null : certificates[shown];
  const demands =
    options.clientCa === true ? { ca: authority.ca, requestCert: true, rejectUnauthorized: true } : {};
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(certificate && { tls: { cert: certificate.cert, key: certificate.key, ...demands } }),
    fetch: (): Response =>
      Response.json(
        { nodes: { a: { version: "9.2.0" } } },
        { headers: { "x-elastic-product": "Elasticsearch" } },
      ),
  });
  const tls = trusted();
  const elasticsearch = createElasticsearch({
    nodes: [`${options.scheme ?? "https"}://127.0.0.1:${server.port}`],
    proxies: {},
    auth: { kind: "basic", username: "elastic", password: new Secret("hunter2") },
    tls: tls === null ? null : { ca: null, cert: null, key: null, ...tls },
    compression: "none",
    template: defaultTemplate,
    manageTemplates: true,
    bulk: { maxDocuments: 10, maxBytes: 1000, concurrency: 1, requestTimeoutMs: 1000 },
  });
  try {
    await elasticsearch.probe(signal);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: "elasticsearch_unavailable", retryable: true });
    expect(JSON.stringify(error)).not.toContain("hunter2");
    return (error as Error).message.replace(`:${server.port}`, "");
  } finally {
    await Promise.all([elasticsearch.close(), server.stop(true)]);
  }
}

const ours: Trust = () => ({ ca: authority.ca });
const withCert =
  (name: "client" | "foreign"): Trust =>
  () => ({
    ca: authority.ca,
    cert: certificates[name].cert,
    key: new Secret(certificates[name].key),
  });
const cannot = "Elasticsearch at https://127.0.0.1 cannot be reached: ";

describe("a server's certificate", () => {
  test("of a trusted authority is accepted", async () => expect(await probe("good", ours)).toBeNull());

  const refused: [keyof typeof certificates, Trust, string][] = [
    ["expired", ours, "its certificate has expired"],
    ["elsewhere", ours, "its certificate does not name the host 127.0.0.1"],
    [
      "good",
      () => ({ ca: stranger.ca }),
      "its certificate is signed by an authority that is not in elasticsearch.tls.ca",
    ],
    [
      "good",
      () => null,
      "its certificate is signed by an authority that this system does not trust, and elasticsearch.tls.ca is not set",
    ],
    [
      "good",
      () => ({ ca: "not a PEM text" }),
      "TLS cannot be set up with the PEM files of elasticsearch.tls",
    ],
  ];
  test.each(refused)("%s, with %s: %s", async (shown, trusted, reason) => {
    expect(await probe(shown, trusted)).toBe(cannot + reason);
  });

  test("of an unknown authority is refused even after a trusted one was accepted", async () => {
    expect(await probe("good", ours)).toBeNull();
    expect(await probe("good", () => ({ ca: stranger.ca }))).toContain("not in elasticsearch.tls.ca");
  });
});

describe("mutual TLS", () => {
  const clientCa = { clientCa: true };
  test("with a certificate of the server's authority", async () => {
    expect(await probe("good", withCert("client"), clientCa)).toBeNull();
  });
  test("without one", async () => {
    expect(await probe("good", ours, clientCa)).toContain(
      "requires a client certificate (elasticsearch.tls.cert is not set)",
    );
  });
  test("with one of another authority", async () => {
    expect(await probe("good", withCert("foreign"), clientCa)).toContain(
      "refuse our client certificate, elasticsearch.tls.cert",
    );
  });
});

test("http on a port with TLS, and https on one without", async () => {
  expect(await probe("good", () => null, { scheme: "http" })).toBe(
    "Elasticsearch at http://127.0.0.1 cannot be reached: it closed the connection: it may require https",
  );
  expect(await probe(null, ours)).toContain(
    `${cannot}the TLS handshake failed: it does not speak TLS on this port`,
  );
});
