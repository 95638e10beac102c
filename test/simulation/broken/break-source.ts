/** A fault in the source that the simulation must notice. */
export interface BrokenVariant {
  readonly name: string;
  /** The seed that last noticed it. It is tried first, because most others do not notice. */
  readonly noticedAt: number;
  readonly edits: readonly BrokenEdit[];
}

export interface BrokenEdit {
  /** Relative to the root of the repository. */
  readonly file: string;
  /** Occurs there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** @throws Error if a place to break occurs never or twice: the source has changed, and the variant must follow */
export function breakSource(
  text: string,
  file: string,
  { name, edits }: Pick<BrokenVariant, "name" | "edits">,
): string {
  let broken = text;
  for (const edit of edits) {
    if (edit.file !== file) continue;
    const count = broken.split(edit.find).length - 1;
    if (count !== 1)
      throw new Error(`broken variant "${name}": ${file} holds ${count} times, not once: ${edit.find}`);
    broken = broken.replace(edit.find, () => edit.replace);
  }
  return broken;
}
