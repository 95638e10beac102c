import { describe, expect, test } from "bun:test";
import { type Link, linkRemedy, linkTrouble } from "../../../../lib/rules/trouble/link-trouble.ts";

const link: Link = { url: "https://es.example:9200", setting: "elasticsearch.tls", tls: null };
const ours = { ca: "PEM", cert: "PEM", key: "PEM" };

/** Texts of Bun's fetch, node:tls on Bun and grpc-js, each observed. */
const observed: [string, string][] = [
  ["CERT_HAS_EXPIRED certificate has expired", "its certificate has expired"],
  ["Error: certificate has expired", "its certificate has expired"],
  ["certificate is not yet valid", "its certificate is not valid yet, or a clock is wrong"],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID fetching "https://127.0.0.1:43031/". For more information, pass `verbose: true`',
    "its certificate does not name the host es.example",
  ],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE unable to verify the first certificate",
    "its certificate is signed by an authority that this system does not trust, and elasticsearch.tls.ca is not set",
  ],
  [
    "error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE",
    "it requires a client certificate, but elasticsearch.tls.cert and elasticsearch.tls.key are not set",
  ],
  [
    "EPROTO EPROTO: The TLS handshake failed. Does the server speak TLS on this port?",
    "the TLS handshake failed: it does not speak TLS on this port, or requires a client certificate (elasticsearch.tls.cert is not set)",
  ],
  [
    "Client network socket disconnected before secure TLS connection was established",
    "it does not speak TLS on this port",
  ],
  ["FailedToOpenSocket Was there a typo?", "TLS cannot be set up with the PEM files of elasticsearch.tls"],
  ["connect ECONNREFUSED 127.0.0.1:1", "nothing listens there (ECONNREFUSED)"],
  [
    "EHOSTUNREACH EHOSTUNREACH: Unable to connect. Is the computer able to access the url?",
    "no route to it (host or network unreachable)",
  ],
  [
    "ENETUNREACH ENETUNREACH: Was there a typo in the url or port?",
    "no route to it (host or network unreachable)",
  ],
  ["ETIMEDOUT ETIMEDOUT: Unable to connect.", "it does not answer at all (ETIMEDOUT)"],
  ["getaddrinfo ENOTFOUND es.example", "the host name es.example cannot be resolved"],
  ["ECONNRESET: The socket connection was closed unexpectedly.", "it closed the connection"],
];

test.each(observed)("%s", (text, sentence) => {
  expect(linkTrouble(text, link)).toBe(sentence);
  expect(linkRemedy(`etcd at x is not available: ${sentence}`)).toBeString();
});

describe("the explanation depends on the config", () => {
  test.each([
    [
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "its certificate is signed by an authority that is not in elasticsearch.tls.ca",
    ],
    ["SSLV3_ALERT_CERTIFICATE_REQUIRED", "it refuses our client certificate, elasticsearch.tls.cert"],
    [
      "ECONNRESET",
      "it closed the connection: it may refuse our client certificate, elasticsearch.tls.cert, or not speak TLS on this port",
    ],
  ])("%s", (text, sentence) => expect(linkTrouble(text, { ...link, tls: ours })).toBe(sentence));

  test("for a closed connection if the scheme is http", () => {
    expect(linkTrouble("Failed to connect", { ...link, url: "http://es.example" })).toBe(
      "it closed the connection: it may require https",
    );
  });
});

test("unknown failures are left to the caller", () => {
  expect(linkTrouble("4 DEADLINE_EXCEEDED", link)).toBeNull();
  expect(linkRemedy("Elasticsearch answered 503")).toBeNull();
});
