import type { Mapping } from "../../../rules/json/object.ts";
import type { Effect } from "../../../rules/mending/proposal.ts";
import type { Specification } from "../../../rules/model/declaration.ts";
import { templateTargetOf } from "../../../rules/template/template-target.ts";
import { findTarget } from "../trial/target.ts";
import { createTrial, type TrialDeps } from "../trial/trial.ts";
import { findMakingTemplate, isNameTaken, refreshIndex } from "./refusing-index.ts";

/** What proposals are made from and tried with, as far as it is Elasticsearch's. */
export function mendingDeps(deps: Omit<TrialDeps, "change">) {
  const { client } = deps;
  return {
    isTaken: (name: string, signal: AbortSignal) => isNameTaken(client, name, signal),
    readTarget: (spec: Specification, signal: AbortSignal) =>
      findTarget(client, spec.index, templateTargetOf(spec), signal),
    makingTemplate: (index: string, field: string | null, signal: AbortSignal) =>
      findMakingTemplate(client, index, field, signal),
    refresh: (index: string, signal: AbortSignal) => refreshIndex(client, index, signal),
    /** @param index the one that documents go to; the effect is on it alone */
    openTrial: (spec: Specification, index: string, effect: Effect) =>
      createTrial(spec, {
        ...deps,
        change: (name, target) => (name === index ? changed(target, effect) : target),
      }),
  };
}

function changed<T extends { readonly mappings: Mapping; readonly settings: Mapping }>(
  target: T,
  { mappings = target.mappings, settings = {}, allSettings = target.settings }: Effect,
): T {
  return { ...target, mappings, settings: { ...allSettings, ...settings } };
}
