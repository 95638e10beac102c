import type { Declaration } from "../lib/rules/model/declaration.ts";
import { mergeDeclarations } from "../lib/rules/declarations/desired.ts";
import type { ConfigDocument } from "../lib/rules/config/config.ts";
import { proxySetting } from "../lib/rules/config/proxy.ts";
import { type Check, checksOf } from "../lib/rules/diagnosis/check.ts";
import { judgeConfigAccess } from "../lib/rules/diagnosis/config.ts";
import { judgeDeclarations } from "../lib/rules/diagnosis/declarations.ts";
import { judgePort, type PortFacts } from "../lib/rules/diagnosis/host.ts";
import { messageOf } from "../lib/rules/base/errors.ts";
import { matchesTopicPattern } from "../lib/rules/model/names.ts";
import type { HttpSettings } from "../lib/rules/model/settings.ts";
import { attempt } from "./diagnose/attempt.ts";
import { diagnoseCluster, type DiagnoseElasticsearchDeps, diagnoseNodes } from "./diagnose/elasticsearch.ts";
import { diagnoseEtcd, type DiagnoseEtcdDeps } from "./diagnose/etcd.ts";
import { diagnoseHoldings } from "./diagnose/holdings.ts";
import { diagnoseBrokers, type DiagnoseKafkaDeps, diagnoseTopics } from "./diagnose/kafka.ts";
import { diagnoseHolds } from "./diagnose/holds.ts";

/** A config file that could be read. */
export interface DiagnoseInput extends Omit<ConfigDocument, "lastMayGoOn"> {
  readonly file: string;
  /** Its permission bits; null if it contains no secret, so that everybody may read it. */
  readonly fileMode: number | null;
}

export interface DiagnoseDeps extends DiagnoseKafkaDeps, DiagnoseElasticsearchDeps, DiagnoseEtcdDeps {
  examinePort(http: HttpSettings, signal: AbortSignal): Promise<PortFacts>;
}

/**
 * Tries everything that a host with this config needs, and changes nothing. Every question has a deadline. If a server
 * does not answer, only the checks that depend on it are skipped.
 * @throws the reason of `deps.signal`, nothing else
 */
export async function diagnose(input: DiagnoseInput, deps: DiagnoseDeps): Promise<readonly Check[]> {
  const { file, settings, notices, fileMode } = input;
  const deadLetterTopic = settings.deadLetters.topic;
  const config = checksOf("config");
  const [port, etcd, brokers, nodes] = await Promise.all([
    diagnosePort(settings.http, deps),
    diagnoseEtcd({ etcd: settings.etcd, deadLetterTopic }, deps),
    diagnoseBrokers(settings.kafka.brokers, deps),
    diagnoseNodes(settings.elasticsearch, deps),
  ]);

  const declarations = [...input.declarations, ...etcd.declarations];
  const { inKafka } = brokers;
  const merged = mergeDeclarations(declarations, inKafka?.keys() ?? [], deadLetterTopic);
  const specs = [...merged.desired.values()].map(({ spec }) => spec);
  const { group } = settings.kafka;
  const { answers } = nodes;
  const { held, checks: holdings } = await diagnoseHoldings({ specs, group, inKafka, answers }, deps);
  const [topics, holds, cluster] = await Promise.all([
    diagnoseTopics(
      {
        topics: [...merged.desired.keys()],
        inKafka,
        group,
        deadLetterTopic,
        history: settings.history,
      },
      deps,
    ),
    inKafka === null ? [] : diagnoseHolds(merged.desired, deps),
    diagnoseCluster({ specs, manageTemplates: settings.elasticsearch.manageTemplates, answers, held }, deps),
  ]);
  return [
    config.ok("config file", `${file} is valid`),
    ...(fileMode === null ? [] : judgeConfigAccess(file, fileMode)),
    ...notices.map((notice) =>
      config.warning(
        "config file",
        notice,
        notice.startsWith(`${file}: `)
          ? "nothing has to be done; the README shows the current form"
          : `set ${proxySetting} explicitly`,
      ),
    ),
    port,
    ...brokers.checks,
    ...topics,
    ...holds,
    ...nodes.checks,
    ...cluster,
    ...holdings,
    ...etcd.checks,
    ...judgeDeclarations({
      declarations,
      refused: [...etcd.refused, ...merged.refused],
      conflicts: merged.conflicts,
      excluded: merged.excluded,
      idlePatterns: inKafka && idlePatterns(declarations, inKafka, deadLetterTopic),
    }),
  ];
}

async function diagnosePort(http: HttpSettings, deps: DiagnoseDeps): Promise<Check> {
  const facts = await attempt(deps, (signal) => deps.examinePort(http, signal));
  return judgePort(
    http.hostname,
    http.port,
    facts.ok ? facts.value : { kind: "refused", reason: messageOf(facts.error) },
  );
}

function idlePatterns(
  declarations: readonly Declaration[],
  inKafka: ReadonlyMap<string, number>,
  deadLetterTopic: string,
): string[] {
  return declarations.flatMap(({ target }) => {
    if (target.kind !== "pattern") return [];
    const covers = [...inKafka.keys()].some((topic) =>
      matchesTopicPattern(target.pattern, topic, deadLetterTopic),
    );
    return covers ? [] : [target.pattern];
  });
}
