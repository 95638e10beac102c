import { counted, countText, durationText } from "../../../lib/rules/base/units.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import type { ExplainedPartition, Explanation } from "../../../lib/rules/explanation/explanation.ts";
import { ownerWords } from "../../../lib/rules/group/roster.ts";
import { placeText } from "../../../lib/rules/progress/hold.ts";
import { holdingsText } from "../../../lib/rules/progress/holdings.ts";
import { checkLines, summaryOf } from "../doctor/report.ts";
import { alignColumns } from "../kit/columns.ts";
import type { Paint } from "../kit/terminal.ts";

/** Who was asked: a host; or the servers, and why no host. */
export type Asked = { readonly host: string } | { readonly host: null; readonly reason: string };

/** An explanation for a person: the answer first, then what it rests on. */
export function formatExplanation(told: Explanation, asked: Asked, now: number, paint: Paint): string {
  const { topic, says, remedy, checks, status } = told;
  const command = remedy?.command ?? null;
  const isRebuilt = (status?.rebuild ?? null) !== null;
  const seen = checks.filter(({ state }) => state !== "ok");
  const lines = [
    `${paint("bold", topic)}: ${oneLine(says)}`,
    ...(remedy === null ? [] : [`→ ${oneLine(remedy.do)}`]),
    ...(command === null ? [] : [`  ${oneLine(command)}`]),
    ...troubleLines(told, now),
    "",
    asked.host === null
      ? `Without a host (${oneLine(asked.reason)}): what follows is what the servers tell.`
      : `As the host at ${asked.host} knows it, and the servers:`,
    ...section("Declared", declaredLines(told), paint),
    ...section("Settings", settingLines(told), paint),
    ...section("In Kafka", kafkaLines(told), paint),
    ...section("Target", targetLines(told), paint),
    ...section("Dead letters", letterLines(told), paint),
    ...section("Rebuild", isRebuilt ? [`  under way: penstock topics rebuild ${topic} shows it`] : [], paint),
    ...section("Checks", [...checkLines(seen, paint), `  ${summaryOf(checks)}`], paint),
  ];
  return `${lines.join("\n")}\n`;
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ["", paint("bold", title), ...lines];
}

function troubleLines({ status, deadline, partitions }: Explanation, now: number): string[] {
  const trouble = status?.trouble ?? null;
  const waiting = partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  const oldestAt = trouble?.oldestAt ?? deadline?.oldestAt ?? null;
  const deletableAt = trouble?.deletableAt ?? deadline?.deletableAt ?? null;
  return [
    ...(trouble === null
      ? []
      : [
          `  in trouble for ${durationText(Math.max(0, now - Date.parse(trouble.since)))}, tried ${counted(trouble.attempts, "time")}`,
        ]),
    ...(waiting === 0
      ? []
      : [
          `  ${counted(waiting, "record")} ${waiting === 1 ? "waits" : "wait"}${oldestAt === null ? "" : `, the oldest for ${durationText(Math.max(0, now - oldestAt))}`}`,
        ]),
    ...(deletableAt === null || waiting === 0
      ? []
      : [
          deletableAt <= now
            ? "  Kafka may delete the oldest at any moment"
            : `  Kafka may delete the oldest in ${durationText(deletableAt - now)}, from ${new Date(deletableAt).toISOString()}`,
        ]),
  ];
}

function declaredLines({ declared, refused }: Explanation): string[] {
  const lines = declared.map(({ source, wins, differs }) => {
    const how = wins
      ? "wins"
      : differs.length === 0
        ? "says the same"
        : `overridden: ${differs.map(({ field, to }) => `${field} ${JSON.stringify(to)}`).join(", ")}`;
    return `  ${oneLine(placeText(source))}: ${oneLine(how)}`;
  });
  const faults = refused.map(({ reason }) => `  refused: ${oneLine(reason)}`);
  return lines.length + faults.length === 0 ? ["  nowhere"] : [...lines, ...faults];
}

function settingLines({ settings }: Explanation): string[] {
  const rows = settings.map(({ name, value, from }) => [
    `  ${name}`,
    value === null ? "–" : oneLine(Array.isArray(value) ? value.join(", ") : String(value)),
    from === null ? "default" : oneLine(from),
  ]);
  return alignColumns(rows, 3);
}

function kafkaLines({ inKafka, partitions }: Explanation): string[] {
  if (inKafka === null) return ["  Kafka did not say"];
  if (!inKafka) return ["  it does not exist"];
  const figure = (value: number | null): string => (value === null ? "–" : countText(value));
  const rows = partitions.map((one) => [
    `  ${one.partition}`,
    figure(one.start),
    figure(one.end),
    figure(one.committed),
    figure(one.lag),
    readBy(one),
  ]);
  return rows.length === 0
    ? ["  its positions could not be read"]
    : alignColumns([["  partition", "first", "end", "committed", "lag", "read by"], ...rows], 1);
}

function readBy({ owned, owner }: ExplainedPartition): string {
  if (owned === true) return "this host";
  if (owner === undefined) return owned === null ? "" : "another host, or none";
  return owner === null ? "no host" : oneLine(ownerWords(owner));
}

function targetLines({ status }: Explanation): string[] {
  const target = status?.target ?? null;
  if (target === null) return [];
  const { name, kind, reason, warning } = target;
  return [
    `  ${oneLine(name)}, ${kind ?? "not known"}: ${holdingsText(target)}`,
    ...[reason, warning].flatMap((text) => (text === null ? [] : [`  ${oneLine(text)}`])),
  ];
}

function letterLines({ deadLetters }: Explanation): string[] {
  if (deadLetters === null) return ["  could not be read"];
  const { letters, complete } = deadLetters;
  return [`  ${complete ? "" : "at least "}${counted(letters, "letter")}, replayed or not`];
}
