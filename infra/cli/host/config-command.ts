import { createLogger } from "../../../lib/adapters/log/log.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { visibleLines } from "../../../lib/rules/base/visible-text.ts";
import { createRedaction } from "../../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../../lib/rules/secrets/secret.ts";
import { wantsJson } from "../kit/arguments.ts";
import type { CommandIo } from "../kit/command-io.ts";
import { ExitCode } from "../kit/exit-code.ts";
import { reportFailure } from "../kit/failure.ts";
import { loadConfig, type LoadedConfig } from "../kit/load-config.ts";

/** A command that needs a config file, and nothing else before it can begin. */
export interface ConfigCommand<C extends { readonly config: string | null }> {
  readonly help: string;
  /** @returns null if the help is wanted @throws PenstockError `usage`, with one sentence that names the argument */
  parse(argv: readonly string[]): C | null;
  /** @returns the exit code */
  run(command: C, config: LoadedConfig, io: CommandIo): Promise<number>;
}

/** The `main` of such a command. It never throws. */
export function mainOf<C extends { readonly config: string | null }>(called: ConfigCommand<C>) {
  return async (argv: readonly string[], io: CommandIo): Promise<number> => {
    try {
      const command = called.parse(argv);
      if (command === null) {
        io.out(called.help);
        return ExitCode.done;
      }
      return await called.run(command, loadConfig(command.config, io.environment), io);
    } catch (error) {
      return reportFailure(error, {
        help: called.help,
        json: wantsJson(argv),
        write: (text) => io.error.write(visibleLines(text)),
      });
    }
  };
}

/** What clients of servers report on standard error: only warnings, without secrets. */
export function warningsOf({ settings }: LoadedConfig, io: Pick<CommandIo, "error">): Logger {
  return createLogger({
    level: "warn",
    pretty: io.error.isTTY === true,
    hide: createRedaction(secretsOf(settings)),
    destination: { write: (text) => void io.error.write(text) },
  });
}
