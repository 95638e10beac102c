import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
// The library below needs this before it is loaded.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** A certificate with its private key, as PEM text and as files. */
export interface TestCertificate {
  readonly cert: string;
  /** PKCS #8, not encrypted. */
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface IssueOptions {
  /** DNS names and IP addresses of a server; none for a client. */
  readonly hosts?: readonly string[];
  /** It expired yesterday. */
  readonly expired?: boolean;
}

/** A test's own certificate authority, in a folder that is removed with it. */
export interface TestAuthority extends AsyncDisposable {
  readonly folder: string;
  /** PEM text of its certificate. */
  readonly ca: string;
  readonly caFile: string;
  /**
   * A certificate for servers and clients.
   * @param name its common name, and the name of its files
   */
  issue(name: string, options?: IssueOptions): Promise<TestCertificate>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export async function createAuthority(name = "Test authority"): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-certificates-"));
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 10 * DAY_MS),
    notAfter: new Date(Date.now() + 10 * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const caFile = join(folder, "ca.pem");
  const ca = `${root.toString("pem")}\n`;
  await writeFile(caFile, ca);

  return {
    folder,
    ca,
    caFile,
    async issue(commonName, { hosts = [], expired = false } = {}) {
      const own = await newKeys();
      const issued = await x509.X509CertificateGenerator.create({
        subject: `CN=${commonName}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        notBefore: new Date(Date.now() - 9 * DAY_MS),
        notAfter: new Date(Date.now() + (expired ? -1 : 9) * DAY_MS),
        extensions: [
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
          ...(hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(hosts.map(hostName))]),
        ],
      });
      const cert = `${issued.toString("pem")}\n`;
      const key = `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", own.privateKey), "PRIVATE KEY")}\n`;
      const [certFile, keyFile] = [join(folder, `${commonName}.crt`), join(folder, `${commonName}.key`)];
      await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key, { mode: 0o600 })]);
      return { cert, key, certFile, keyFile };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function hostName(host: string): x509.JsonGeneralName {
  return { type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host };
}
