import type { Declaration } from "./model/declaration.ts";
import { mergeDeclarations } from "./declarations/desired.ts";
import { recordsAlias } from "./template/index-template.ts";
import { everyAlias } from "./template/stream-template.ts";
import { indexPatternOf, isIndexName } from "./model/names.ts";
import { specify } from "./model/specification.ts";

/**
 * One object of Kibana's saved objects import: a data view (whose type is still `index-pattern`), or a search to open in
 * Discover.
 *
 * The versions define the object's format; Kibana migrates older ones and refuses newer ones. These were introduced by 8.8
 * and are still supported by 9 (`index_pattern_migrations.ts` and `SCHEMA_SEARCH_V8_8_0` in its source).
 */
export interface SavedObject {
  readonly type: "index-pattern" | "search";
  /** Stable for the same declaration, so that a second import overwrites the first. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly { readonly name: string; readonly type: string; readonly id: string }[];
  readonly coreMigrationVersion: string;
  readonly typeMigrationVersion: string;
}

export interface KibanaObjects {
  /** A data view and a search each for all records, for every topic and for every pattern. */
  readonly objects: readonly SavedObject[];
  /** Declarations without objects, one sentence each. */
  readonly leftOut: readonly string[];
}

interface View {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** An index name that may contain `*`, or several names separated by commas. */
  readonly indexPattern: string;
  /** In Kibana's query language. Shows only these records if the index contains others too. */
  readonly query: string;
  /** Fields that Discover shows. */
  readonly columns: readonly string[];
}

const lineColumns: readonly string[] = ["log.level", "message"];

/**
 * The objects to import into Kibana for these declarations.
 *
 * The winner for a topic declared twice counts, as on a host. A topic pattern becomes one view over all topics it covers now
 * or later, with the glob in place of the topic in its index, so that new topics need no new import.
 * @param declarations in order of precedence
 */
export function kibanaObjects(declarations: readonly Declaration[], deadLetterTopic: string): KibanaObjects {
  const views: View[] = [
    {
      id: recordsAlias,
      name: "Penstock: all records",
      description: "Every record that Penstock moved.",
      indexPattern: everyAlias.join(","),
      query: "",
      columns: ["kafka.topic", ...lineColumns],
    },
  ];
  const leftOut: string[] = [];
  for (const { spec } of mergeDeclarations(declarations, [], deadLetterTopic).desired.values()) {
    views.push({
      id: `penstock-topic-${spec.topic}`,
      name: spec.topic,
      description: `Records of the Kafka topic ${spec.topic}.`,
      indexPattern: indexPatternOf(spec.index),
      query: `kafka.topic : "${spec.topic}"`,
      columns: lineColumns,
    });
  }
  const patterns = new Set<string>();
  for (const declaration of declarations) {
    const { target } = declaration;
    if (target.kind !== "pattern" || patterns.has(target.pattern)) continue;
    patterns.add(target.pattern);
    // Neither index patterns nor Kibana's query language have a wildcard for exactly one character.
    const glob = target.pattern.replaceAll("?", "*");
    const indexPattern = indexPatternOf(specify(declaration, glob).index);
    // A `*` in place of a `?` would hide topics that are not excluded.
    const hidden = (target.exclude ?? []).filter((one) => !one.includes("?"));
    if (!isIndexName(indexPattern.replaceAll("*", "x"))) {
      leftOut.push(`pattern "${target.pattern}": no index can have a name like "${indexPattern}"`);
      continue;
    }
    views.push({
      id: `penstock-pattern-${target.pattern}`,
      name: target.pattern,
      description: `Records of the Kafka topics ${target.pattern}.`,
      indexPattern,
      query: [topicIs(glob), ...hidden.map((one) => `not ${topicIs(one)}`)].join(" and "),
      columns: ["kafka.topic", ...lineColumns],
    });
  }
  return { objects: views.flatMap((view) => [dataViewOf(view), searchOf(view)]), leftOut };
}

function topicIs(glob: string): string {
  return glob.includes("*") ? `kafka.topic : ${glob}` : `kafka.topic : "${glob}"`;
}

/** The file that Kibana imports, with one JSON object per line. */
export function toNdjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}

function dataViewOf({ id, name, indexPattern }: View): SavedObject {
  const attributes = {
    title: indexPattern,
    name,
    timeFieldName: "@timestamp",
    // A topic's index is created by its first record.
    allowNoIndex: true,
  };
  return {
    type: "index-pattern",
    id,
    attributes,
    references: [],
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "8.0.0",
  };
}

function searchOf({ id, name, description, query, columns }: View): SavedObject {
  const indexRefName = "kibanaSavedObjectMeta.searchSourceJSON.index";
  const searchSource = { query: { query, language: "kuery" }, filter: [], indexRefName };
  const attributes = {
    title: name,
    description,
    columns,
    sort: [["@timestamp", "desc"]],
    kibanaSavedObjectMeta: { searchSourceJSON: JSON.stringify(searchSource) },
  };
  return {
    type: "search",
    id,
    attributes,
    references: [{ name: indexRefName, type: "index-pattern", id }],
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "8.0.0",
  };
}
