/** What mends a trouble. The same for doctor, the console, the answers of a host and its log. */
export interface Remedy {
  /** What to do, without a full stop. */
  readonly do: string;
  /** A request as in Kibana's console, or a shell command, with the real names; null if none would mend it. */
  readonly command: string | null;
}

export function remedy(what: string, command: string | null = null): Remedy {
  return { do: what, command };
}

/** The field of a log line; none without a remedy. */
export function remedyField(known: Remedy | null): { readonly remedy?: string } {
  return known === null ? {} : { remedy: remedyText(known) };
}

/** In one sentence: `set index.blocks.write to false: PUT app/_settings …`. */
export function remedyText({ do: what, command }: Remedy): string {
  return command === null ? what : `${what}: ${command}`;
}
