import { setTimeout as delay } from "node:timers/promises";
import type { FleetResult } from "../../functions/fleet/model.ts";
import { parseDurationMs } from "../../lib/rules/base/units.ts";
import { messageOf, PenstockError } from "../../lib/rules/base/errors.ts";
import { fleetResult } from "../api/fleet/fleet.ts";
import { HOST_OPTION, HOST_ROW, hostOf, parseHostUrl } from "./host/ask-host.ts";
import { mainOf } from "./host/config-command.ts";
import { CONFIG_OPTIONS, parseWords } from "./kit/arguments.ts";
import { type CommandIo, runCommand } from "./kit/command-io.ts";
import { ExitCode } from "./kit/exit-code.ts";
import { CONFIG_ROW, helpText } from "./kit/help-text.ts";
import type { LoadedConfig } from "./kit/load-config.ts";
import { createPaint, hasColours, isLive } from "./kit/terminal.ts";
import { openScreen } from "./screen/screen.ts";
import { afterKey, FIRST_STATE, type Sort, SORTS, type TopState } from "./top/state.ts";
import { extentOf, frame, snapshot, type TopView } from "./top/view.ts";

const help = helpText({
  synopsis: "top [options]",
  about: `A live table of all hosts and topics of the group, as the running host sees them: states, rates, lag, and outcomes since the hosts' start. Without a terminal it prints one table and ends.

Keys: arrows or j and k move, s changes the order, r reverses it, / filters by name, Esc shows all again, q ends.`,
  options: [
    ["--sort COLUMN", `${SORTS.join(", ")}; default: state, the worst first`],
    ["--filter TEXT", "only topics whose names contain it"],
    ["--interval TIME", "between two looks; default: 2s"],
    ["--once", "print one table and end"],
    HOST_ROW,
    CONFIG_ROW,
    ["--json", "GET /fleet of the host, on one line for each look; with --once, once"],
  ],
});

interface TopCommand {
  readonly config: string | null;
  readonly host: string | null;
  readonly json: boolean;
  readonly once: boolean;
  readonly intervalMs: number;
  readonly state: TopState;
}

const LEAST_INTERVAL_MS = 500;

function parse(argv: readonly string[]): TopCommand | null {
  const options = {
    sort: { type: "string" },
    filter: { type: "string" },
    interval: { type: "string" },
    once: { type: "boolean", default: false },
    ...HOST_OPTION,
    ...CONFIG_OPTIONS,
  } as const;
  const { values } = parseWords({ args: [...argv], options });
  if (values.help) return null;
  const { config = null, json, once, filter = "", sort = "state", interval = "2s" } = values;
  const intervalMs = parseDurationMs(interval);
  if (intervalMs < LEAST_INTERVAL_MS)
    throw new PenstockError(
      "usage",
      `--interval is "${interval}": it must be at least ${LEAST_INTERVAL_MS}ms`,
    );
  return {
    config,
    json,
    once,
    intervalMs,
    host: parseHostUrl(values.host),
    state: { ...FIRST_STATE, filter, sort: sortNamed(sort) },
  };
}

function sortNamed(word: string): Sort {
  const sort = SORTS.find((name) => name === word);
  if (sort !== undefined) return sort;
  throw new PenstockError("usage", `--sort is "${word}": it must be one of ${SORTS.join(", ")}`);
}

async function top(command: TopCommand, config: LoadedConfig, io: CommandIo): Promise<number> {
  const ask = hostOf(config.settings.http, command.host);
  /** @throws PenstockError if no host answers */
  const look = async (): Promise<FleetResult> => {
    const answer = await ask("/fleet", fleetResult, io.signal);
    if (answer.kind === "answer") return answer.value;
    throw new PenstockError("host_unavailable", answer.reason, { retryable: true });
  };
  const isScreen = isLive(process.stdout, io.environment) && process.stdin.isTTY && !command.once;
  if (isScreen && !command.json) return watch(command, look, io);
  do {
    const fleet = await look();
    if (command.json) io.out(`${JSON.stringify(fleet)}\n`);
    else
      io.painted.write(
        snapshot(viewOf(fleet, io), command.state, process.stdout.columns || 120, paintOf(io)),
      );
    if (!command.json || command.once) return ExitCode.done;
    await delay(command.intervalMs, undefined, { signal: io.signal });
  } while (!io.outputLost.aborted);
  return ExitCode.done;
}

async function watch(command: TopCommand, look: () => Promise<FleetResult>, io: CommandIo): Promise<number> {
  const paint = paintOf(io);
  const ended = Promise.withResolvers<"quit" | "interrupt">();
  let state = command.state;
  let view: TopView = { fleet: null, trouble: "asking the host …", at: "" };
  const draw = (): void => screen.draw(frame(view, state, screen.size, paint));
  using screen = openScreen(process.stdin, process.stdout, process, {
    onKey(key) {
      const next = afterKey(state, key, extentOf(view, state, screen.size));
      if (next === "quit" || next === "interrupt") return ended.resolve(next);
      state = next;
      draw();
    },
    onRedraw: () => draw(),
  });
  const stop = new AbortController();
  const refreshing = (async () => {
    for (;;) {
      try {
        view = viewOf(await look(), io);
      } catch (error) {
        view = { ...view, trouble: messageOf(error) };
      }
      draw();
      await delay(command.intervalMs, undefined, {
        signal: AbortSignal.any([stop.signal, io.signal, io.outputLost]),
      });
    }
  })();
  draw();
  try {
    const how = await Promise.race([ended.promise, refreshing]);
    return how === "interrupt" ? INTERRUPTED : ExitCode.done;
  } finally {
    stop.abort();
    await Promise.allSettled([refreshing]);
  }
}

/** 128 + SIGINT: in raw mode Ctrl-C is a key like others. */
const INTERRUPTED = 130;

function viewOf(fleet: FleetResult, io: CommandIo): TopView {
  return { fleet, trouble: null, at: `${new Date(io.now()).toISOString().slice(11, 19)}Z` };
}

function paintOf(io: CommandIo) {
  return createPaint(hasColours(io.painted, io.environment));
}

/** Runs it in this process, and ends the process. */
export const run = (argv: readonly string[]): Promise<never> =>
  runCommand(argv, mainOf({ help, parse, run: top }));

if (import.meta.main) await run(process.argv.slice(2));
