/** Takes a stream apart into its events. */
export interface EventParts {
  /** @returns the events that end in this piece. @throws Error if one that has not ended is too long */
  add(piece: string): readonly string[];
}

/** Each piece is looked at once: small pieces of a long event would take quadratic time otherwise. */
export function createEventParts(maxLength: number): EventParts {
  let begun: string[] = [];
  let length = 0;
  let last = "";
  return {
    add(piece) {
      // An empty line ends an event, and may begin in the piece before.
      const hasEnd = `${last}${piece}`.includes("\n\n");
      last = piece.at(-1) ?? last;
      begun.push(piece);
      length += piece.length;
      let ended: string[] = [];
      if (hasEnd) {
        ended = begun.join("").split("\n\n");
        const rest = ended.pop() ?? "";
        begun = [rest];
        length = rest.length;
      }
      if (length > maxLength) throw new Error(`it sends an event over ${maxLength} bytes`);
      return ended;
    },
  };
}
