import { isLoopbackHostname } from "../secrets/loopback.ts";
import { isInternalTopic, resolvedIndexFault, matchesTopicPattern, resolveIndex } from "../model/names.ts";
import { indexTemplateFault, isHistoryTopic, isTopicName } from "../model/names.ts";
import { indexFields } from "../model/index-fields.ts";
import { dataStreamFault, dataStreamNeededRule, isDataStreamName } from "../model/data-stream.ts";
import { addressesIn } from "./addresses.ts";
import { moved } from "../yaml/problem.ts";
import { isObject, mappingOf, type Mapping } from "../json/object.ts";
import type { Fault, Path } from "../yaml/problem.ts";

/**
 * Rules between several values. They check the raw data, valid or not, so that their faults are reported together with the
 * schema's. They ignore values of the wrong type.
 */

const internalTopicRule = "is an internal Kafka topic (__*), which is not moved";
const historyRule = "is a topic of Penstock's history (*penstock.history), which is not moved";
const deadLetterRule = "is the dead-letter topic, which is not moved";

/** Rules between the top-level sections of the config file. */
export function configFaults(data: unknown): Fault[] {
  const root = mappingOf(data);
  const kafka = mappingOf(root["kafka"]);
  const elasticsearch = mappingOf(root["elasticsearch"]);
  const etcd = mappingOf(root["etcd"]);
  return [
    ...httpFaults(mappingOf(root["http"])),
    ...tlsFaults(kafka["ssl"], ["kafka", "ssl"]),
    ...saslFaults(mappingOf(kafka["sasl"]), kafka["ssl"]),
    ...tlsFaults(elasticsearch["tls"], ["elasticsearch", "tls"]),
    ...authFaults(elasticsearch["auth"]),
    ...tlsFaults(etcd["tls"], ["etcd", "tls"]),
    ...plainEndpointFaults(etcd),
    ...duplicates(etcd["keys"], ["etcd", "keys"]),
    ...deadLettersFaults(root),
    ...topicsFaults(root),
  ];
}

/** Rules within one entry, which is a topic name or a mapping. */
export function entryFaults(entry: unknown, deadLetterTopic: string): Fault[] {
  if (typeof entry === "string") return topicFaults(entry, {}, [], deadLetterTopic);
  if (!isObject(entry)) return [];
  const { topic, pattern, index, dataStream, retention, format } = entry;
  const faults: Fault[] = [];
  if (topic === undefined && pattern === undefined) {
    faults.push({ path: [], rule: "needs a topic or a pattern", about: "absence" });
  }
  if (topic !== undefined && pattern !== undefined) {
    faults.push({
      path: ["pattern"],
      rule: "cannot be combined with topic: an entry has one or the other",
      about: "value",
    });
  }
  if (index !== undefined && dataStream !== undefined) {
    faults.push({
      path: ["dataStream"],
      rule: "cannot be combined with index: an entry has one or the other",
      about: "value",
    });
  }
  if (retention !== undefined && dataStream === undefined)
    faults.push({ path: ["retention"], rule: "needs dataStream: an index has no retention", about: "value" });
  for (const field of ["timestamp", "message", "rejected"]) {
    if (entry[field] !== undefined && format !== "json")
      faults.push({ path: [field], rule: "needs format: json", about: "value" });
  }
  const [field] = typeof index === "string" && indexTemplateFault(index) === null ? indexFields(index) : [];
  if (field !== undefined && format !== "json") {
    const rule = `takes {${field}} from the record, which needs format: json`;
    faults.push({ path: ["index"], rule, about: "value" });
  }
  if (entry["exclude"] !== undefined && pattern === undefined)
    faults.push({
      path: ["exclude"],
      rule: "needs a pattern: a topic is declared by name or not at all",
      about: "value",
    });
  faults.push(...duplicates(entry["timestamp"], ["timestamp"]), ...duplicates(entry["exclude"], ["exclude"]));
  if (typeof topic === "string") faults.push(...topicFaults(topic, entry, ["topic"], deadLetterTopic));
  if (typeof pattern === "string") faults.push(...patternFaults(pattern, entry, deadLetterTopic));
  return faults;
}

/** The topic or pattern that an entry names, valid or not; null if unreadable. */
export function nameOf(entry: unknown): { kind: "topic" | "pattern"; name: string } | null {
  if (typeof entry === "string") return { kind: "topic", name: entry };
  const { topic, pattern } = mappingOf(entry);
  if (typeof topic === "string") return { kind: "topic", name: topic };
  return typeof pattern === "string" ? { kind: "pattern", name: pattern } : null;
}

/**
 * Wrong tokens are soon answered 429, but a correct one always gets in, so only its length protects it.
 * At the 5,000 guesses a second that a host answers, 16 hexadecimal digits take millions of years.
 */
const leastTokenLength = 16;
const tokenLengthRule = `has fewer than ${leastTokenLength} characters and could be guessed: generate one with openssl rand -hex 24`;

function httpFaults({ hostname, token, readOnlyToken }: Mapping): Fault[] {
  const faults = Object.entries({ token, readOnlyToken }).flatMap(([name, value]): Fault[] => {
    const isShort = typeof value === "string" && value !== "" && value.length < leastTokenLength;
    return isShort ? [{ path: ["http", name], rule: tokenLengthRule, about: "value" }] : [];
  });
  const hasToken = token !== undefined && token !== "";
  if (typeof hostname === "string" && !isLoopbackHostname(hostname) && !hasToken) {
    const rule = "is not a loopback address: set http.token, without which the host listens on loopback only";
    faults.push({ path: ["http", "hostname"], rule, about: "value" });
  }
  if (typeof readOnlyToken === "string" && readOnlyToken !== "") {
    const path = ["http", "readOnlyToken"];
    if (!hasToken) {
      const rule = "needs http.token: without it, anyone who reaches the host may change everything";
      faults.push({ path, rule, about: "value" });
    } else if (token === readOnlyToken) {
      faults.push({
        path,
        rule: "is the same as http.token, which gives full access: use another one",
        about: "value",
      });
    }
  }
  return faults;
}

/** If TLS is configured, a plain endpoint is a mistake that would send passwords in the clear. */
function plainEndpointFaults({ tls, endpoints }: Mapping): Fault[] {
  if (tls === undefined || tls === null || !Array.isArray(endpoints)) return [];
  const rule = "must begin with https:// because etcd.tls is set";
  return endpoints.flatMap((endpoint: unknown, at) =>
    typeof endpoint === "string" && addressesIn(endpoint).some((one) => one.startsWith("http://"))
      ? [{ path: ["etcd", "endpoints", at], rule, about: "value" as const }]
      : [],
  );
}

function tlsFaults(tls: unknown, path: Path): Fault[] {
  const { cert, key } = mappingOf(tls);
  if ((cert === undefined) === (key === undefined)) return [];
  return [
    {
      path,
      rule: `has a ${cert === undefined ? "key without a cert" : "cert without a key"}`,
      about: "absence",
    },
  ];
}

/** What a login with a token needs, and what would be ignored. */
function saslFaults(sasl: Mapping, ssl: unknown): Fault[] {
  const fault = (key: string | null, rule: string): Fault => ({
    path: ["kafka", "sasl", ...(key === null ? [] : [key])],
    rule,
    about: key === null ? "absence" : "value",
  });
  const { mechanism, tokenFile, tokenEndpoint, clientId, clientSecret, roleArn, profile } = sasl;
  if (mechanism === "aws-msk-iam") {
    const both = roleArn !== undefined && profile !== undefined;
    const isPlain = ssl === undefined || ssl === false;
    return [
      ...(both ? [fault("profile", "cannot be combined with roleArn: a login has one or the other")] : []),
      ...(isPlain ? [fault("mechanism", "needs kafka.ssl: Amazon MSK takes IAM logins only over TLS")] : []),
    ];
  }
  if (mechanism !== "oauthbearer") return [];
  if ((tokenFile === undefined) === (tokenEndpoint === undefined))
    return [fault(null, "needs either a tokenFile or a tokenEndpoint")];
  if (tokenEndpoint === undefined)
    return ["clientId", "clientSecret", "scope", "tls"]
      .filter((key) => sasl[key] !== undefined)
      .map((key) => fault(key, "needs tokenEndpoint: a tokenFile already holds the token"));
  return clientId === undefined || clientSecret === undefined
    ? [fault(null, "needs a clientId and a clientSecret for its tokenEndpoint")]
    : [];
}

function authFaults(auth: unknown): Fault[] {
  if (!isObject(auth)) return [];
  const { apiKey, username, password } = auth;
  const isApiKey = apiKey !== undefined && username === undefined && password === undefined;
  const isLogin = apiKey === undefined && username !== undefined && password !== undefined;
  if (isApiKey || isLogin) return [];
  const rule = "needs either an apiKey, or a username and a password";
  return [{ path: ["elasticsearch", "auth"], rule, about: "absence" }];
}

function deadLettersFaults(root: Mapping): Fault[] {
  const { topic } = mappingOf(root["deadLetters"]);
  if (typeof topic !== "string" || !isInternalTopic(topic)) return [];
  return [
    {
      path: ["deadLetters", "topic"],
      rule: "is a name reserved for internal Kafka topics (__*)",
      about: "value",
    },
  ];
}

function topicsFaults(root: Mapping): Fault[] {
  const entries: readonly unknown[] = Array.isArray(root["topics"]) ? root["topics"] : [];
  const { topic } = mappingOf(root["deadLetters"]);
  const deadLetterTopic = typeof topic === "string" ? topic : "penstock.dead-letters";
  const first = new Map<string, number>();
  return entries.flatMap((entry, position) => {
    const faults = entryFaults(entry, deadLetterTopic);
    const named = nameOf(entry);
    if (named !== null) {
      const identity = `${named.kind} ${named.name}`;
      const earlier = first.get(identity);
      const path = typeof entry === "string" ? [] : [named.kind];
      if (earlier === undefined) first.set(identity, position);
      else faults.push({ path, rule: `is already declared at topics[${earlier}]`, about: "value" });
    }
    return faults.map((fault) => moved(fault, ["topics", position, ...fault.path]));
  });
}

function topicFaults(topic: string, entry: Mapping, path: Path, deadLetterTopic: string): Fault[] {
  if (topic === deadLetterTopic) return [{ path, rule: deadLetterRule, about: "value" }];
  if (isInternalTopic(topic)) return [{ path, rule: internalTopicRule, about: "value" }];
  if (isHistoryTopic(topic)) return [{ path, rule: historyRule, about: "value" }];
  if (!isTopicName(topic)) return [];
  return nameFaults(topic, entry, path);
}

function patternFaults(pattern: string, entry: Mapping, deadLetterTopic: string): Fault[] {
  const path = ["pattern"];
  if (isInternalTopic(pattern)) return [{ path, rule: internalTopicRule, about: "value" }];
  if (isHistoryTopic(pattern)) return [{ path, rule: historyRule, about: "value" }];
  if (pattern === deadLetterTopic) return [{ path, rule: deadLetterRule, about: "value" }];
  // An example topic: if its name is invalid because of the pattern's own letters, so is every matching topic.
  const example = pattern.replaceAll(/[*?]/g, "a");
  return matchesTopicPattern(pattern, example, deadLetterTopic) && isTopicName(example)
    ? nameFaults(example, entry, path)
    : [];
}

/** Whether the topic's name fits into that of its index or data stream, whose own faults are reported elsewhere. */
function nameFaults(topic: string, { index, dataStream }: Mapping, path: Path): Fault[] {
  if (dataStream !== undefined) {
    if (typeof dataStream !== "string" || dataStreamFault(dataStream) !== null) return [];
    if (isDataStreamName(resolveIndex(dataStream, topic))) return [];
    return [{ path, rule: dataStreamNeededRule, about: "value" }];
  }
  const isOwn = typeof index === "string";
  if (isOwn && indexTemplateFault(index) !== null) return [];
  const rule =
    index !== undefined && !isOwn ? null : resolvedIndexFault(resolveIndex(isOwn ? index : "{topic}", topic));
  return rule === null ? [] : [{ path, rule, about: "value" }];
}

function duplicates(list: unknown, path: Path): Fault[] {
  const first = new Map<unknown, number>();
  return (Array.isArray(list) ? list : []).flatMap((item: unknown, position) => {
    const earlier = first.get(item);
    if (earlier === undefined) first.set(item, position);
    if (typeof item !== "string" || earlier === undefined) return [];
    return [
      {
        path: [...path, position],
        rule: `is already listed at ${path.join(".")}[${earlier}]`,
        about: "value",
      },
    ];
  });
}
