import { Secret, secretOrNull } from "../secrets/secret.ts";
import type {
  ElasticsearchAuth,
  Login,
  SaslSettings,
  ServerTlsSettings,
  Settings,
  TemplateSettings,
  TlsSettings,
} from "../model/settings.ts";
import { retentionMs } from "../model/data-stream.ts";
import { addressesIn } from "./addresses.ts";
import { keyPairFault } from "./key-pair.ts";
import type { Fault, Path } from "../yaml/problem.ts";
import type { ConfigInput } from "./schema.ts";
import { findProxies } from "./proxy.ts";
import { codeOf, type SubstitutionSources } from "../yaml/substitute.ts";

type TlsInput = {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
};

/** Builds the settings from a valid config file and reads its PEM files. Unreadable files become faults; notices are for the log. */
export function buildSettings(
  input: ConfigInput,
  { environment, readFile }: SubstitutionSources,
): { readonly settings: Settings; readonly faults: readonly Fault[]; readonly notices: readonly string[] } {
  const faults: Fault[] = [];

  function readPem(file: string | undefined, path: Path): string | null {
    if (file === undefined) return null;
    try {
      const pem = readFile(file);
      if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem)) {
        const rule = "names an encrypted key: decrypt it, because there is no setting for a passphrase";
        faults.push({ path, rule, about: "value" });
        return null;
      }
      if (/-----BEGIN [A-Z0-9 ]+-----/.test(pem)) return pem;
      faults.push({ path, rule: "names a file without PEM text", about: "value" });
    } catch (error) {
      // Only the code: the message repeats the path, which may come from a variable.
      faults.push({ path, rule: `names a file that cannot be read (${codeOf(error)})`, about: "value" });
    }
    return null;
  }

  function readTls(tls: TlsInput | boolean | undefined, path: Path): TlsSettings | null {
    if (tls === undefined || tls === false) return null;
    const { ca, cert, key }: TlsInput = tls === true ? {} : tls;
    const read = {
      ca: readPem(ca, [...path, "ca"]),
      cert: readPem(cert, [...path, "cert"]),
      key: secretOrNull(readPem(key, [...path, "key"])),
    };
    const fault = read.cert === null || read.key === null ? null : keyPairFault(read.cert, read.key);
    if (fault !== null) faults.push({ path: [...path, fault.of], rule: fault.rule, about: "value" });
    return read;
  }

  function readServerTls(tls: ConfigInput["http"]["tls"]): ServerTlsSettings | null {
    const { cert = null, key = null } = readTls(tls, ["http", "tls"]) ?? {};
    return cert === null || key === null ? null : { cert, key };
  }

  function saslOf(sasl: ConfigInput["kafka"]["sasl"]): SaslSettings | null {
    if (sasl === undefined) return null;
    if (sasl.mechanism === "aws-msk-iam") {
      const { mechanism, region, roleArn = null, profile = null } = sasl;
      return { mechanism, region, roleArn, profile };
    }
    if (sasl.mechanism !== "oauthbearer") return { mechanism: sasl.mechanism, ...loginOf(sasl) };
    const { mechanism, tokenFile, tokenEndpoint = "", extensions = {} } = sasl;
    if (tokenFile !== undefined) return { mechanism, tokenFile, extensions };
    return {
      mechanism,
      tokenEndpoint,
      clientId: sasl.clientId ?? "",
      clientSecret: new Secret(sasl.clientSecret ?? ""),
      scope: sasl.scope ?? null,
      extensions,
      ca: readPem(sasl.tls?.ca, ["kafka", "sasl", "tls", "ca"]),
      proxy: findProxies([tokenEndpoint], undefined, environment).proxies[tokenEndpoint] ?? null,
    };
  }

  const { http, kafka, elasticsearch, etcd, deadLetters, history, shutdown, log } = input;
  const nodes = elasticsearch.nodes.flatMap(addressesIn);
  const { proxies, notices } = findProxies(nodes, elasticsearch.proxy, environment);
  const settings: Settings = {
    http: {
      ...http,
      advertised: http.advertised ?? null,
      token: secretOrNull(http.token),
      readOnlyToken: secretOrNull(http.readOnlyToken),
      tls: readServerTls(http.tls),
    },
    kafka: {
      brokers: kafka.brokers.flatMap(addressesIn),
      group: kafka.group,
      rack: kafka.rack ?? null,
      inFlightMaxBytes: kafka.inFlight.maxBytes,
      maxBatchBytes: kafka.maxBatchBytes,
      tls: readTls(kafka.ssl, ["kafka", "ssl"]),
      sasl: saslOf(kafka.sasl),
    },
    elasticsearch: {
      nodes,
      proxies,
      auth: authOf(elasticsearch.auth),
      tls: readTls(elasticsearch.tls, ["elasticsearch", "tls"]),
      bulk: {
        maxDocuments: elasticsearch.bulk.maxDocuments,
        maxBytes: elasticsearch.bulk.maxBytes,
        concurrency: elasticsearch.bulk.concurrency,
        requestTimeoutMs: elasticsearch.bulk.requestTimeout,
      },
      compression: elasticsearch.compression,
      manageTemplates: elasticsearch.manageTemplates,
      template: templateSettings(elasticsearch.template),
    },
    etcd:
      etcd === undefined
        ? null
        : {
            endpoints: etcd.endpoints.flatMap(addressesIn),
            keys: etcd.keys,
            auth: etcd.auth === undefined ? null : loginOf(etcd.auth),
            tls: readTls(etcd.tls, ["etcd", "tls"]),
          },
    deadLetters: { topic: deadLetters.topic },
    history: history.enabled ? { topic: history.topic, keepMs: retentionMs(history.keep) ?? 0 } : null,
    shutdown: { deadlineMs: shutdown.deadline },
    log: { level: log.level },
  };
  return { settings, faults, notices };
}

function loginOf({ username, password }: { username: string; password: string }): Login {
  return { username, password: new Secret(password) };
}

function templateSettings({
  refreshInterval,
  ...template
}: ConfigInput["elasticsearch"]["template"]): TemplateSettings {
  return { ...template, refreshIntervalMs: refreshInterval ?? null };
}

function authOf(auth: ConfigInput["elasticsearch"]["auth"]): ElasticsearchAuth | null {
  if (auth?.apiKey !== undefined) return { kind: "apiKey", apiKey: new Secret(auth.apiKey) };
  if (auth?.username === undefined || auth.password === undefined) return null;
  return { kind: "basic", ...loginOf({ username: auth.username, password: auth.password }) };
}
