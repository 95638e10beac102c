/** Values of a record whose names are taken. They move to `json`, each with its dotted path as one name. */
export class MovedFields {
  readonly #values = new Map<string, string[]>();

  get any(): boolean {
    return this.#values.size > 0;
  }

  /** @param rawValue as JSON */
  add(path: string, rawValue: string): void {
    this.#values.getOrInsertComputed(path, () => []).push(rawValue);
  }

  /** All values, as JSON. */
  get rawValues(): readonly string[] {
    return [...this.#values.values()].flat();
  }

  /** `{…}`, with a list for a path that was added more than once. */
  get json(): string {
    let members = "";
    for (const [path, values] of this.#values) {
      const value = values.length === 1 ? values.join("") : `[${values.join(",")}]`;
      members += `${members === "" ? "" : ","}${JSON.stringify(path)}:${value}`;
    }
    return `{${members}}`;
  }
}
