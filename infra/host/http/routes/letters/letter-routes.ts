import { usage } from "../../../../../lib/rules/base/errors.ts";
import type { Hono } from "hono";
import { quoted } from "../../../../../lib/rules/base/visible-text.ts";
import { letters } from "../../../../api/letters/letters.ts";
import { namedGroup } from "../../../../api/letters/states.ts";
import type { LetterService } from "../../../services/letter-service.ts";
import { jsonInPlace } from "../../kit/held-answer.ts";
import { mount } from "../../kit/mount.ts";
import { problem } from "../../kit/problem.ts";
import { createPlaces, inPlace } from "../../kit/semaphore.ts";

export interface LetterRouteDeps {
  readonly letters: LetterService;
}

/** Lists at once, including those that wait or are still being read. */
const LISTS = 4;
/** Letters read at once: each may take 16 MiB. */
const LETTERS = 4;

/** Shows dead letters one by one. */
export function addLetterRoutes(app: Hono, deps: LetterRouteDeps): void {
  const lists = createPlaces(LISTS);
  const single = createPlaces(LETTERS);

  mount(app, letters.routes.list, ({ query: { state = null, page, ...group } }, c) =>
    jsonInPlace(c, lists, "lists of dead letters", () => deps.letters.list(namedGroup(group), state, page)),
  );
  mount(app, letters.routes.one, ({ param }, c) =>
    inPlace(c, single, "dead letters", async () => {
      const answer = await deps.letters.read(numberIn("partition", param), numberIn("offset", param));
      return answer.kind === "letter"
        ? c.json(answer.letter)
        : problem(c, 404, `Partition ${param("partition")}, offset ${param("offset")} ${answer.reason}.`);
    }),
  );
}

function numberIn<P extends string>(name: P, param: (name: P) => string): number {
  const text = param(name);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw usage(`${name} ${quoted(text)} must be a whole number from 0`);
  return Number(text);
}
