import type { Declaration } from "../model/declaration.ts";
import type { Settings } from "../model/settings.ts";
import { configFaults } from "./cross-checks.ts";
import { toDeclaration } from "./to-declaration.ts";
import { check, type Checked } from "../yaml/faults.ts";
import { translateLegacy, type Translation } from "./legacy.ts";
import { mappingOf } from "../json/object.ts";
import {
  ConfigError,
  formatPath,
  maxProblems,
  moved,
  type ConfigProblem,
  type Fault,
  type Path,
} from "../yaml/problem.ts";
import { configSchema, type ConfigInput } from "./schema.ts";
import { buildSettings } from "./build-settings.ts";
import type { Environment } from "../yaml/substitute.ts";
import { visibleText } from "../base/visible-text.ts";
import { readYaml, type YamlFile } from "../yaml/yaml.ts";

/** A parsed config file. */
export interface ConfigDocument {
  readonly settings: Settings;
  /** In the file's order; `source.name` is the file. */
  readonly declarations: readonly Declaration[];
  /** True if the last declaration may be cut off, as in a file that is still being written. */
  readonly lastMayGoOn: boolean;
  /** For the log, one sentence each, without secrets. */
  readonly notices: readonly string[];
}

export interface ParseOptions {
  /** The file's name, for messages and sources. */
  readonly file: string;
  readonly environment: Environment;
  /** Reads a PEM or secret file that the config names; may throw anything. */
  readonly readFile: (path: string) => string;
}

const maxConfigBytes = 1024 * 1024;

/**
 * Parses a config file: YAML, then variables and files, then the older format, then all rules.
 * @throws ConfigError with every problem found, in the file's order
 */
export function parseConfig(text: string, options: ParseOptions): ConfigDocument {
  const { file, environment, readFile } = options;
  if (Buffer.byteLength(text) > maxConfigBytes) {
    throw new ConfigError([
      problemAt(file, { line: 1, column: 1 }, "", null, "the file is larger than 1 MiB"),
    ]);
  }
  const yaml = readYaml(text, { environment, readFile });
  if (yaml.syntax.length > 0) throw new ConfigError(syntaxProblems(file, yaml), yaml.syntax.length);

  const legacy = translateLegacy(yaml.data, Object.keys(configSchema.shape));
  const data = legacy?.data ?? yaml.data ?? {};
  const checked = checkCoerced(
    data,
    (path) => yaml.place(legacy?.originOf(path) ?? path)?.substituted ?? false,
  );
  const built = checked.ok ? buildSettings(checked.value, { environment, readFile }) : null;
  const translatedFaults = [
    ...(checked.ok ? [] : checked.faults),
    ...configFaults(data),
    ...(built?.faults ?? []),
  ];
  const faults = [
    ...yaml.faults,
    ...(legacy?.faults ?? []),
    ...translatedFaults.map((fault) => inFile(fault, legacy, yaml)),
  ];
  if (!checked.ok || built === null || faults.length > 0) throw configError(faults, file, yaml);

  return {
    settings: built.settings,
    declarations: checked.value.topics.map((entry, position) =>
      toDeclaration(entry, { kind: "config", name: file, revision: null, entry: position }),
    ),
    lastMayGoOn: yaml.unfinished === (legacy?.originOf(["topics"]) ?? ["topics"])[0],
    notices: [...(legacy === null ? [] : [`${file}: ${legacy.notice}`]), ...built.notices],
  };
}

/** Text from a variable or file becomes a number or boolean if the schema needs one: `port: "${PORT}"`. */
function checkCoerced(data: unknown, isSubstituted: (path: Path) => boolean): Checked<ConfigInput> {
  const checked = check(configSchema, data);
  if (checked.ok) return checked;
  const paths = checked.faults.map(({ path }) => path).filter(isSubstituted);
  return paths.length === 0 ? checked : check(configSchema, paths.reduce(coerceAt, data));
}

/** A copy of the data with the text at the path converted as YAML would read it unquoted. */
function coerceAt(data: unknown, path: Path): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return typeof data === "string" ? literalOf(data) : data;
  if (Array.isArray(data)) return data.map((item, at) => (at === head ? coerceAt(item, rest) : item));
  const mapping = mappingOf(data);
  return { ...mapping, [head]: coerceAt(mapping[head], rest) };
}

function literalOf(text: string): string | number | boolean {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return text === "true" || (text === "false" ? false : text);
}

/** Moves a fault to its place in the file. If a list was one string in the file, its faults are at the string. */
function inFile(fault: Fault, legacy: Translation | null, yaml: YamlFile): Fault {
  if (legacy === null) return fault;
  const origin = legacy.originOf(fault.path);
  const isItemOfString = fault.about === "value" && yaml.place(origin) === undefined;
  return moved(fault, isItemOfString ? origin.slice(0, -1) : origin);
}

/** Sorts faults in the file's order and drops those that repeat another or follow from one further up. */
function configError(faults: readonly Fault[], file: string, yaml: YamlFile): ConfigError {
  const broken = new Set<string>();
  const seen = new Set<string>();
  const causes = faults.filter(({ path, rule, about }) => {
    const isConsequence = [...path.keys(), path.length].some((depth) =>
      broken.has(JSON.stringify(path.slice(0, depth))),
    );
    const sentence = JSON.stringify([path, rule]);
    if (isConsequence || seen.has(sentence)) return false;
    seen.add(sentence);
    if (about === "value") broken.add(JSON.stringify(path));
    return true;
  });
  const first = causes
    .map((fault) => ({ fault, offset: offsetOf(fault, yaml) }))
    .sort((a, b) => a.offset - b.offset)
    .slice(0, maxProblems);
  return new ConfigError(
    first.map(({ fault }) => problemOf(fault, file, yaml)),
    causes.length,
  );
}

function problemOf(fault: Fault, file: string, yaml: YamlFile): ConfigProblem {
  const place = fault.about === "value" ? yaml.place(fault.path) : undefined;
  const value = isSecret(fault.path) && place !== undefined ? "(hidden)" : (place?.shown ?? null);
  const position = yaml.linePosition(offsetOf(fault, yaml));
  return problemAt(file, position, formatPath(fault.path), value, fault.rule);
}

/** The offset of the fault, or of the nearest enclosing key. */
function offsetOf(fault: Fault, yaml: YamlFile): number {
  const place = yaml.place(fault.path);
  if (place !== undefined) return fault.about === "key" ? place.keyOffset : place.valueOffset;
  if (fault.path.length === 0) return 0;
  return offsetOf({ ...fault, path: fault.path.slice(0, -1), about: "key" }, yaml);
}

function problemAt(
  file: string,
  { line, column }: { line: number; column: number },
  path: string,
  value: string | null,
  rule: string,
): ConfigProblem {
  const subject = path === "" ? "" : ` ${path}:`;
  const shown = value === null ? "" : ` ${value}`;
  // The file's name and the YAML parser's messages are foreign text.
  const message = visibleText(`${file}:${line}:${column}${subject}${shown} ${rule}`);
  return { file, line, column, path, value, rule, message };
}

function syntaxProblems(file: string, yaml: YamlFile): ConfigProblem[] {
  return yaml.syntax
    .toSorted((a, b) => a.offset - b.offset)
    .slice(0, maxProblems)
    .map(({ offset, rule }) => problemAt(file, yaml.linePosition(offset), "", null, rule));
}

const secretKeys = new Set([
  "password",
  "clientsecret",
  "token",
  "readonlytoken",
  "apikey",
  "key",
  "secret",
  "proxy",
]);

function isSecret(path: Path): boolean {
  return path.some((segment) => typeof segment === "string" && secretKeys.has(segment.toLowerCase()));
}
