/** A way in which the source could be wrong, and that the simulation has to notice. */
export interface BrokenVariant {
  readonly name: string;
  /** The seed by which it was noticed when somebody looked last: asked first, for most others do not notice it. */
  readonly noticedAt: number;
  readonly edits: readonly BrokenEdit[];
}

export interface BrokenEdit {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** @throws Error where a place to break is not there, or there twice: the source has changed, and the variant has to follow */
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
