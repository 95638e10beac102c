import { expect, test } from "bun:test";
import { createTemplateLock } from "../../../../../lib/adapters/elasticsearch/template/template-lock.ts";
import type { ElasticsearchAnswer } from "../../../../../lib/adapters/elasticsearch/transport/transport.ts";

const refusal = (status: number, reason: string): ElasticsearchAnswer => ({
  failure: { kind: "response", status, error: { type: "illegal_argument_exception", reason } },
});

/** An existing lock without a holder. @param given whether it can be deleted */
function lockOfNobody(given: boolean) {
  let stands = true;
  let now = 0;
  const asked: string[] = [];
  const lock = createTemplateLock(
    () => async (method) => {
      asked.push(method);
      now += 1_000;
      if (method === "PUT" && stands) return refusal(400, "component template [x] already exists");
      if (method === "DELETE" && !given) return refusal(400, "component templates [x] cannot be removed");
      if (method !== "GET") stands = method === "PUT";
      return { body: { component_templates: [{ component_template: {} }] } };
    },
    () => now,
  );
  return { lock, asked };
}

for (const given of [true, false])
  test(`a lock without a holder is ${given ? "deleted" : "ignored if it cannot be deleted"}`, async () => {
    const { lock, asked } = lockOfNobody(given);
    let worked = 0;
    await lock.hold(
      async () => void (worked += 1),
      async () => false,
      AbortSignal.timeout(2_000),
    );
    await lock.close();
    expect(worked).toBe(1);
    expect(asked.filter((method) => method === "DELETE")).toHaveLength(given ? 2 : 1);
  });
