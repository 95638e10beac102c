import { parser } from "@prometheus-io/lezer-promql";
import type { ExposedMetrics } from "./exposed-metrics.ts";

/** A PromQL expression compared with the existing metrics. */
export interface PromqlReading {
  /** Names of all series it selects. */
  readonly metrics: ReadonlySet<string>;
  /** Labels its result can have. */
  readonly labels: ReadonlySet<string>;
  /** Problems, one sentence each: invalid PromQL, unknown metrics and labels, two sides that can never match. */
  readonly faults: readonly string[];
}

type Node = ReturnType<typeof parser.parse>["topNode"];
type Labels = ReadonlySet<string>;

/** Labels that Prometheus adds to every series. */
const targetLabels = ["job", "instance"];
const keepsLabels = new Set(["Topk", "Bottomk"]);
const setOperators = new Set(["And", "Or", "Unless"]);
const withoutLabels: Labels = new Set();

/** Parses an expression; it may contain Grafana's variables in strings and as durations. */
export function readPromql(expression: string, exposed: ExposedMetrics): PromqlReading {
  const text = expression.replaceAll(/\[\$__\w+\]/g, "[5m]");
  const metrics = new Set<string>();
  const faults: string[] = [];
  const textOf = (node: Node): string => text.slice(node.from, node.to);

  /** @returns the labels of the node's result; null for a number */
  const visit = (node: Node): Labels | null => {
    switch (node.name) {
      case "VectorSelector":
        return visitSelector(node);
      case "AggregateExpr":
        return visitAggregate(node);
      case "BinaryExpr":
        return visitBinary(node);
      case "FunctionCall":
        return visitCall(node);
      default:
        return vectorIn(childrenOf(node).map(visit));
    }
  };

  const visitSelector = (node: Node): Labels => {
    const name = node.getChild("Identifier");
    if (name === null) {
      faults.push(`${textOf(node)} names no metric`);
      return withoutLabels;
    }
    const metric = textOf(name);
    metrics.add(metric);
    const own = exposed.get(metric);
    if (own === undefined && metric !== "up") faults.push(`there is no metric ${metric}`);
    const labels = new Set([...targetLabels, ...(own ?? [])]);
    demand(labels, namesIn(node), `${metric} has no label`);
    return labels;
  };

  const visitAggregate = (node: Node): Labels => {
    const inner = vectorIn(childrenOf(node.getChild("FunctionCallBody")).map(visit)) ?? withoutLabels;
    const modifier = node.getChild("AggregateModifier");
    const grouping = modifier === null ? [] : namesIn(modifier);
    demand(inner, grouping, `what ${textOf(node)} aggregates has no label`);
    const operator = node.getChild("AggregateOp")?.firstChild?.name ?? "";
    if (keepsLabels.has(operator)) return inner;
    const dropped = modifier !== null && modifier.getChild("Without") !== null;
    return dropped ? inner.difference(new Set(grouping)) : new Set(grouping);
  };

  const visitCall = (node: Node): Labels | null => {
    const name = textOf(node.getChild("FunctionIdentifier") ?? node);
    const argument = vectorIn(childrenOf(node.getChild("FunctionCallBody")).map(visit));
    if (name === "time") return null;
    if (name === "vector") return withoutLabels;
    if (name === "absent") return new Set(namesIn(node));
    if (name !== "histogram_quantile") return argument;
    demand(argument ?? withoutLabels, ["le"], `what ${textOf(node)} looks at has no label`);
    return (argument ?? withoutLabels).difference(new Set(["le"]));
  };

  const visitBinary = (node: Node): Labels | null => {
    const sides = [node.firstChild, node.lastChild].map((side) => (side === null ? null : visit(side)));
    const [left = null, right = null] = sides;
    if (left === null || right === null) return left ?? right;
    const matching = node.getChild("MatchingModifierClause");
    if (matching === null) {
      const operator = childrenOf(node).find(({ name }) => setOperators.has(name))?.name;
      const alike = left.size === right.size && left.isSubsetOf(right);
      if (!alike && operator !== "Or") faults.push(`the two sides of ${textOf(node)} have different labels`);
      return operator === "Or" ? left.union(right) : left;
    }
    const [on, included] = matching.getChildren("GroupingLabels").map(namesIn);
    demand(left, on ?? [], `the left side of ${textOf(node)} has no label`);
    demand(right, [...(on ?? []), ...(included ?? [])], `the right side of ${textOf(node)} has no label`);
    if (matching.getChild("On") === null) faults.push(`${textOf(matching)} is not understood here`);
    return matching.getChild("GroupLeft") === null ? new Set(on) : left.union(new Set(included));
  };

  const namesIn = (node: Node): string[] => {
    const own = node.name === "LabelName" ? [textOf(node)] : [];
    return [...own, ...childrenOf(node).flatMap(namesIn)];
  };

  const demand = (labels: Labels, wanted: readonly string[], sentence: string): void => {
    for (const label of wanted) if (!labels.has(label)) faults.push(`${sentence} ${label}`);
  };

  const tree = parser.parse(text);
  tree.iterate({
    enter(node) {
      if (node.type.isError) faults.push(`no PromQL at "${text.slice(node.from)}"`);
    },
  });
  const labels = visit(tree.topNode) ?? withoutLabels;
  return { metrics, labels, faults };
}

function childrenOf(node: Node | null): Node[] {
  const children: Node[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function vectorIn(found: readonly (Labels | null)[]): Labels | null {
  return found.find((labels) => labels !== null) ?? null;
}
