import {
  CLOSE_LIST,
  COMMA,
  endOfString,
  endOfValue,
  type JsonMember,
  nextToken,
  objectText,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from "../json/json-members.ts";
import { cleanName } from "./clean-name.ts";
import type { MovedFields } from "../json/moved-fields.ts";

/** Names nested deeper stay unchanged: if Elasticsearch rejects one, the whole record becomes text in the end. */
const maxDepth = 100;
/** UTF-16 units. Limits the path of moved values, because it is part of their names. */
const maxPathLength = 200;

export interface CleanMembers {
  /** By name, in the order of first appearance. */
  readonly members: Map<string, JsonMember>;
  /** True if there were duplicate names at any depth. */
  readonly doubled: boolean;
  /** True if names were replaced at any depth. */
  readonly replaced: boolean;
}

/**
 * The members of a record's object with unique names that Elasticsearch accepts, at any depth: it would refuse the whole
 * document otherwise. The last of duplicate names stays, as in `JSON.parse`, and the earlier values move.
 *
 * @param text valid JSON, an object
 */
export function cleanMembers(text: string, moved: MovedFields): CleanMembers {
  return new Reader(text, moved).read();
}

/** Reads the text once, and writes new text only for parts that change. */
class Reader {
  readonly #text: string;
  readonly #moved: MovedFields;
  #at = 0;
  #doubled = 0;
  #replaced = 0;
  /** Nested objects and lists. */
  #depth = 0;
  /** The dotted path of the current position, possibly shortened. */
  #path = "";

  constructor(text: string, moved: MovedFields) {
    this.#text = text;
    this.#moved = moved;
  }

  read(): CleanMembers {
    this.#at = nextToken(this.#text, 0);
    const members = this.#object();
    return { members, doubled: this.#doubled > 0, replaced: this.#replaced > 0 };
  }

  #object(): Map<string, JsonMember> {
    const text = this.#text;
    const members = new Map<string, JsonMember>();
    const outer = this.#path;
    this.#at = nextToken(text, this.#at + 1);
    while (text.charCodeAt(this.#at) === QUOTE) {
      const nameEnd = endOfString(text, this.#at);
      const writtenName = text.slice(this.#at, nameEnd);
      this.#at = nextToken(text, nextToken(text, nameEnd) + 1);
      const written = writtenName.includes("\\") ? String(JSON.parse(writtenName)) : writtenName.slice(1, -1);
      const name = cleanName(written);
      if (name !== written) this.#replaced += 1;
      const path = outer === "" ? name : `${outer}.${name}`;
      this.#path = path.length <= maxPathLength ? path : path.slice(0, maxPathLength).toWellFormed();
      const rawValue = this.#value();
      const earlier = members.get(name);
      if (earlier !== undefined) {
        this.#doubled += 1;
        this.#moved.add(path, earlier.rawValue);
      }
      members.set(name, { name, rawName: name === written ? writtenName : JSON.stringify(name), rawValue });
      this.#afterComma();
    }
    this.#at += 1;
    this.#path = outer;
    return members;
  }

  #value(): string {
    const text = this.#text;
    const start = this.#at;
    const code = text.charCodeAt(start);
    if (this.#depth < maxDepth && (code === OPEN_OBJECT || code === OPEN_LIST)) {
      this.#depth += 1;
      const value = code === OPEN_LIST ? this.#list() : this.#innerObject();
      this.#depth -= 1;
      return value;
    }
    this.#at = endOfValue(text, start);
    return text.slice(start, this.#at);
  }

  #innerObject(): string {
    const start = this.#at;
    const changes = this.#doubled + this.#replaced;
    const members = this.#object();
    const isChanged = this.#doubled + this.#replaced > changes;
    return isChanged ? objectText(members.values()) : this.#text.slice(start, this.#at);
  }

  #list(): string {
    const text = this.#text;
    let written = "";
    let writtenTo = this.#at;
    this.#at = nextToken(text, this.#at + 1);
    while (text.charCodeAt(this.#at) !== CLOSE_LIST) {
      const start = this.#at;
      const changes = this.#doubled + this.#replaced;
      const element = this.#value();
      if (this.#doubled + this.#replaced > changes) {
        written += text.slice(writtenTo, start) + element;
        writtenTo = this.#at;
      }
      this.#afterComma();
    }
    this.#at += 1;
    return written + text.slice(writtenTo, this.#at);
  }

  /** Moves to the next member or element, or to the closing bracket. */
  #afterComma(): void {
    const next = nextToken(this.#text, this.#at);
    this.#at = this.#text.charCodeAt(next) === COMMA ? nextToken(this.#text, next + 1) : next;
  }
}
