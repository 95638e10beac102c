import { join } from "node:path";

/** A command as a person or a service manager runs it: in its own process group, with `bun run` if it has a script. */
export interface StartedCommand extends AsyncDisposable {
  readonly pid: number;
  /** Its output so far; in a terminal both outputs, with escape sequences. */
  shown(): string;
  /** Resolves with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  /** Signals the whole process group, as a terminal and systemd do. */
  signal(name: NodeJS.Signals): void;
}

export interface CommandInTerminal extends StartedCommand {
  /** Types on its keyboard. */
  type(text: string): void;
  /** Closes the terminal, like closing its window or losing the connection. */
  hangUp(): void;
}

/** A command without a terminal. */
export interface PipedCommand extends StartedCommand {
  /** Closes the reader of its standard output. */
  closeOutput(): Promise<void>;
}

export const CTRL_C = "\u0003";

interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
}

const top = join(import.meta.dir, "../..");

/** Starts a command in a real pseudo-terminal as its controlling terminal. */
export function startInTerminal(command: readonly string[], options: CommandOptions = {}): CommandInTerminal {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([...command], {
    cwd: top,
    env: { ...process.env, ...options.environment },
    terminal: { cols: 200, rows: 50, data: (_, bytes) => (shown += decoder.decode(bytes, { stream: true })) },
  });
  const { terminal } = child;
  if (terminal === undefined) throw new Error("no pseudo-terminal");
  return {
    ...started(child),
    shown: () => shown,
    type: (text) => void terminal.write(text),
    hangUp: () => terminal.close(),
  };
}

/** Starts a command whose standard output goes to a reader, or to this file, and its standard error to a reader. */
export function startPiped(
  command: readonly string[],
  { output = "pipe", environment }: CommandOptions & { readonly output?: "pipe" | Bun.BunFile } = {},
): PipedCommand {
  let shown = "";
  const child = Bun.spawn([...command], {
    cwd: top,
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ["ignore", output, "pipe"],
  });
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) shown += decoder.decode(bytes, { stream: true });
  };
  const collected = collect(child.stderr);
  return {
    ...started(child),
    exited: Promise.all([child.exited, collected]).then(([code]) => code),
    shown: () => shown,
    async closeOutput() {
      if (child.stdout instanceof ReadableStream) await child.stdout.cancel();
    },
  };
}

function started(child: Bun.Subprocess) {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  };
  return {
    pid: child.pid,
    exited: child.exited,
    signal,
    async [Symbol.asyncDispose]() {
      signal("SIGKILL");
      await child.exited;
    },
  };
}
