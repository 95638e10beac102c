/**
 * What of a record cannot stay where it stood, for the name is taken: it stands under `json`, each by its dotted path as one
 * name.
 */
export class MovedFields {
  readonly #values = new Map<string, string[]>();

  get any(): boolean {
    return this.#values.size > 0;
  }

  /** @param rawValue as JSON */
  add(path: string, rawValue: string): void {
    const values = this.#values.get(path);
    if (values === undefined) this.#values.set(path, [rawValue]);
    else values.push(rawValue);
  }

  /** `{…}`: of a path that was added more than once, a list. */
  get json(): string {
    let members = "";
    for (const [path, values] of this.#values) {
      const value = values.length === 1 ? values.join("") : `[${values.join(",")}]`;
      members += `${members === "" ? "" : ","}${JSON.stringify(path)}:${value}`;
    }
    return `{${members}}`;
  }
}
