import { allOpen, noLetterStates } from "../../support/letter-states.ts";
import { expect, test } from "bun:test";
import { Glob } from "bun";
import * as fc from "fast-check";
import { formatEnd } from "../../../infra/cli/audit/text.ts";
import { formatChecks } from "../../../infra/cli/doctor/report.ts";
import { createLiveLine } from "../../../infra/cli/kit/progress-line.ts";
import { formatMending } from "../../../infra/cli/replay/mending-text.ts";
import { formatDigest, formatReplay } from "../../../infra/cli/replay/report.ts";
import { createPaint } from "../../../infra/cli/kit/terminal.ts";
import { formatListing } from "../../../infra/cli/topics/list.ts";
import { createNarrator } from "../../../infra/demo/narrator.ts";
import { prettyLine } from "../../../lib/adapters/log/log-pretty.ts";
import { createLogger } from "../../../lib/adapters/log/log.ts";
import { acting, actingText } from "../../support/acting-text.ts";
import { declaration } from "../../support/declarations.ts";
import { replayResult } from "../../support/replay-result.ts";
import { noFailureStores } from "../../support/failure-stores.ts";
import { noneGaveWay } from "../../support/gave-way.ts";

/** Reports that contain foreign text, and their number of lines whatever that text is. */
const reports: Readonly<Record<string, (text: string) => string>> = {
  digest: (text) => formatDigest({ ...digest, ...groups(text) }, "dead"),
  replay: (text) =>
    formatReplay(
      replayResult({
        read: 1,
        undeclared: [text],
        unrecoverablePlaces: [{ topic: text, partition: 0, offset: 3 }],
        byError: groups(text),
      }),
      "dead",
    ),
  mending: (text) => formatMending(mending(text), text),
  "topics list": (text) =>
    formatListing({
      declarations: [declaration("app", { index: text }, { name: text })],
      refusals: [
        {
          source: { kind: "etcd", name: text, revision: 1 },
          name: text,
          reason: text,
          lastGoodKept: false,
        },
      ],
    }),
  audit: (text) => formatEnd({ kind: "failed", topic: "app", reason: text }),
  doctor: (text) =>
    formatChecks(
      [{ area: "etcd", name: text, state: "failed", seen: text, remedy: text }],
      createPaint(false),
    ),
  "pretty log": (text) =>
    prettyLine(JSON.stringify({ time: "2026-01-01T00:00:00.000Z", level: "warn", msg: text, [text]: text })),
  log: (text) =>
    written((write) =>
      createLogger({ level: "info", pretty: false, destination: { write } }).warn(text, { [text]: text }),
    ),
  demo: (text) =>
    written((write) => {
      using narrator = createNarrator({ write }, { colour: false, live: false, now: () => 0 });
      narrator.title(text);
      narrator.passed(text, text);
      narrator.lines([text]);
    }).replaceAll(CLEAR, ""),
  progress: (text) =>
    written((write) => createLiveLine({ isTTY: true, columns: 80, write }).show(text)).replaceAll(CLEAR, ""),
};

test.each(Object.entries(reports))(
  "%s: others' text neither acts on a terminal nor adds a line",
  (_name, report) => {
    const lines = report("x").split("\n").length;
    fc.assert(
      fc.property(actingText, (text) => {
        const told = report(text).split("\n");
        expect(told).toHaveLength(lines);
        expect(told.join("")).not.toMatch(acting);
      }),
    );
  },
);

test("every output of a command makes control characters visible", async () => {
  const around: string[] = [];
  for await (const path of new Glob("infra/{cli,demo,host,stack,supply}/**/*.ts").scan()) {
    const text = await Bun.file(path).text();
    if (/process\.std(out|err)\.write\(/.test(text)) around.push(path);
  }
  expect(around).toEqual(["infra/cli/kit/terminal.ts"]);
  const script = `import { printError, printOut } from "./infra/cli/kit/terminal.ts";
    printOut("a\\u001b[2J\\n"); printError("b\\u202e\\n");`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script]);
  expect([String(stdout), String(stderr)]).toEqual(["a\\u001b[2J\n", "b\\u202e\n"]);
});

/** Our own control sequence at the start of a live line. */
const CLEAR = "\r\u001b[2K";

const digest = {
  read: 3,
  notLetters: 1,
  filteredOut: 0,
  doubles: 0,
  ...noLetterStates,
  letters: 2,
  truncated: false,
  gaveWay: noneGaveWay,
  failureStores: noFailureStores,
} as const;

function groups(text: string) {
  const sample = { topic: text, partition: 1, offset: 7, reason: text, value: text };
  const seen = { firstSeen: "2026-01-02T00:00:00.000Z", lastSeen: "2026-01-03T00:00:00.000Z" };
  return {
    firstForeign: { partition: 0, offset: 9, reason: text },
    groups: [{ topic: text, index: text, field: text, error: text, ...allOpen(2), ...seen, sample }],
    others: 0,
  };
}

function mending(text: string) {
  const [group] = groups(text).groups;
  if (group === undefined) throw new Error("no group");
  const count = { refused: 1, unknown: 0 };
  const verdict = {
    letters: { tried: 1, accepted: 0, partly: 0, ...count },
    good: { tried: 1, unchanged: 0, changed: 0, ...count },
    reason: text,
    notes: [text],
  };
  const proposal = {
    id: "one",
    title: text,
    change: text,
    costs: [text],
    request: { method: "PUT", path: `/${encodeURIComponent(text.toWellFormed())}`, body: { [text]: text } },
    index: text,
    declare: true,
  } as const;
  const answer = {
    target: { kind: "alias", index: text },
    mapping: { [text]: text },
    template: { name: text, mapsField: false },
    letters: 1,
    complete: true,
    proposals: [proposal],
    verdicts: { one: verdict },
    best: "one",
    incomparable: text,
  } as const;
  const mended = [
    { group, mending: answer, problem: null },
    { group, mending: { ...answer, mapping: null }, problem: null },
    { group, mending: null, problem: text },
  ];
  return { groups: mended, more: 1, ended: text, statesProblems: [text] };
}

function written(act: (write: (text: string) => void) => void): string {
  let all = "";
  act((text) => void (all += text));
  return all;
}
