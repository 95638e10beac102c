import { type Mapping, mappingOf } from "../../../rules/json/object.ts";
import { matchesGlob } from "../../../rules/model/names.ts";
import { coveringTemplate } from "../../../rules/template/index-template.ts";
import { streamTemplate, streamTemplateName } from "../../../rules/template/stream-template.ts";
import type { TemplateTarget } from "../../../rules/template/template-target.ts";
import { errorOf } from "../transport/version.ts";
import { type FittedForm, readTemplate, sendFitted, type SendJson } from "./template.ts";

/**
 * Returns the settings and mappings that a new index or data stream of this name would get, with the templates as a host
 * would leave them that covers the target.
 * @param target null if no template of ours would be added
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function simulateNewIndex(
  send: SendJson,
  name: string,
  target: TemplateTarget | null,
  form: FittedForm,
): Promise<{ readonly mappings: Mapping; readonly settings: Mapping }> {
  // Ours would conflict with the stored template that covers the name already.
  const isOurs = target !== null && !(await isCovered(send, name, target));
  let body: unknown;
  const failure = await sendFitted(form, async () => {
    const answer = await send(
      "POST",
      `/_index_template/_simulate_index/${encodeURIComponent(name)}`,
      isOurs
        ? typeof target === "string"
          ? coveringTemplate(null, [name], form)
          : streamTemplate(target, form, true)
        : undefined,
    );
    if (!("failure" in answer)) ({ body } = answer);
    return answer;
  });
  if (failure !== null) throw errorOf(failure);
  const template = mappingOf(mappingOf(body)["template"]);
  return { mappings: mappingOf(template["mappings"]), settings: mappingOf(template["settings"]) };
}

async function isCovered(send: SendJson, name: string, target: TemplateTarget): Promise<boolean> {
  if (typeof target === "string")
    return (await readTemplate(send))?.patterns.some((pattern) => matchesGlob(pattern, name)) ?? false;
  const path = `/_index_template/${encodeURIComponent(streamTemplateName(target.stream))}`;
  const answer = await send("GET", path);
  if (!("failure" in answer)) return true;
  if (answer.failure.kind === "response" && answer.failure.status === 404) return false;
  throw errorOf(answer.failure);
}
