import {
  closes,
  COMMA,
  endOfString,
  endOfValue,
  nextToken,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from "../../json/json-members.ts";

/** Values of a list in one cell. Producers decide how long it is. */
const mostValues = 1_000;

/** Visits a value that begins at `start`. @returns the position after it */
type Visit = (start: number, path: string) => number;

/**
 * Returns a function that reads a document's fields from its text, so that numbers keep all digits. The text must be a
 * valid JSON object. It is read once, from its beginning to its end, and nothing is made of fields that are no column.
 * @param columns names of fields, without positions in lists
 */
export function createColumnReader(columns: readonly string[]): (raw: string) => readonly string[] {
  const wanted = new Set(columns);
  const above = new Set(columns.flatMap(parentsOf));
  return (raw) => {
    const cells = new Map<string, { readonly values: string[]; left: number }>();
    visitMembers(raw, nextToken(raw, 0), "", visit);
    return columns.map((name) => {
      const { values, left } = cells.get(name) ?? { values: [], left: 0 };
      return left === 0 ? values.join(", ") : `${values.join(", ")}, … and ${left} more`;
    });

    function visit(start: number, path: string): number {
      if (!wanted.has(path) && !above.has(path)) return endOfValue(raw, start);
      const first = raw.charCodeAt(start);
      const opens = first === OPEN_OBJECT || first === OPEN_LIST;
      if (opens && !closes(raw.charCodeAt(nextToken(raw, start + 1))))
        return (first === OPEN_OBJECT ? visitMembers : visitElements)(raw, start, path, visit);
      const end = endOfValue(raw, start);
      if (wanted.has(path)) add(path, start, end);
      return end;
    }

    function add(path: string, start: number, end: number): void {
      const cell = cells.get(path) ?? { values: [], left: 0 };
      cells.set(path, cell);
      if (cell.values.length === mostValues) {
        cell.left += 1;
        return;
      }
      const value = raw.slice(start, end);
      cell.values.push(value.startsWith('"') ? String(JSON.parse(value)) : value);
    }
  };
}

function parentsOf(name: string): string[] {
  return [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index));
}

function visitMembers(raw: string, start: number, path: string, visit: Visit): number {
  let at = nextToken(raw, start + 1);
  while (raw.charCodeAt(at) === QUOTE) {
    const nameEnd = endOfString(raw, at);
    const rawName = raw.slice(at, nameEnd);
    const name = rawName.includes("\\") ? String(JSON.parse(rawName)) : rawName.slice(1, -1);
    const valueStart = nextToken(raw, nextToken(raw, nameEnd) + 1);
    at = nextValue(raw, visit(valueStart, path === "" ? name : `${path}.${name}`));
  }
  return at + 1;
}

function visitElements(raw: string, start: number, path: string, visit: Visit): number {
  let at = nextToken(raw, start + 1);
  while (!closes(raw.charCodeAt(at))) at = nextValue(raw, visit(at, path));
  return at + 1;
}

/** The next member or element, or the closing bracket. */
function nextValue(raw: string, end: number): number {
  const separator = nextToken(raw, end);
  return raw.charCodeAt(separator) === COMMA ? nextToken(raw, separator + 1) : separator;
}
