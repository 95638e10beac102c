import type { RebuildWorld, SeenRebuild } from "../../../../functions/rebuild-topic/look.ts";
import type { Logger } from "../../../../lib/rules/base/logger.ts";
import { withIndex } from "../../../../lib/rules/model/specification.ts";
import { runAudit } from "../../audit/run.ts";
import { type AuditEnd, endsAsJson, formatEnd, formatSummary, isClean } from "../../audit/text.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import type { TopicsIo } from "../verb.ts";

export interface RebuildAudit {
  readonly topic: string;
  readonly seen: SeenRebuild;
  readonly json: boolean;
}

/**
 * Counts every record in the old and in the new index, each by itself: what the other one holds does not count. The new one
 * against the rebuild's positions; the old one too once both are filled, before that against the group's.
 * @returns the exit code
 */
export async function auditRebuild(
  { topic, seen, json }: RebuildAudit,
  { specs }: RebuildWorld,
  { config, logger, io }: { readonly config: LoadedConfig; readonly logger: Logger; readonly io: TopicsIo },
): Promise<number> {
  const { order } = seen;
  const spec = specs.get(topic);
  const { group } = config.settings.kafka;
  const filled = `${group}.rebuild-positions`;
  const ends: AuditEnd[] = [];
  for (const [index, groupId] of [
    [order.old, order.both ? filled : group],
    [order.index, filled],
  ] as const) {
    await runAudit({
      settings: config.settings,
      specs: spec === undefined ? [] : [withIndex(spec, index)],
      alone: { groupId, alias: order.alias },
      repair: false,
      removeDoubles: false,
      logger,
      now: io.now,
      random: io.random,
      signal: io.signal,
      onProgress: () => {},
      onEnd(end) {
        ends.push(end);
        if (!json) io.out(formatEnd(end));
      },
    });
  }
  io.out(json ? endsAsJson(ends) : formatSummary(ends, ["index", "indices"]));
  return isClean(ends) ? ExitCode.done : ExitCode.failed;
}
