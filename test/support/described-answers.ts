import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { openApiDocument } from "../../infra/host/http/kit/openapi.ts";
import { subjects } from "../../infra/api/subjects.ts";

const place = "https://penstock.test/openapi.json";

/** Checks real requests and answers against the API's description. */
export class DescribedAnswers {
  readonly document = openApiDocument(subjects);
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": isTime } });
  /** The answers checked so far, as `GET /topics 200`. */
  readonly seen = new Set<string>();

  constructor() {
    this.#ajv.addSchema({ $id: place, ...closed(this.document) });
  }

  /**
   * @param asked `POST /replay`
   * @throws if its status, media type or body, or a member of the body, is not described
   */
  async check(asked: string, response: Response): Promise<void> {
    const { path, method, operation } = this.#operation(asked);
    const status = String(response.status);
    const answer = operation.responses[status];
    if (answer === undefined) throw new Error(`${asked} answered ${status}, which is not described`);
    for (const name of Object.keys(answer.headers ?? {}))
      if (!response.headers.has(name)) throw new Error(`${asked} answered ${status} without ${name}`);
    const type = response.headers.get("content-type")?.split(";")[0] ?? null;
    const described = Object.keys(answer.content ?? {});
    if (type === null ? described.length > 0 : !described.includes(type))
      throw new Error(`${asked} answered ${status} as ${type}; described: ${described.join()}`);
    const text = await response.clone().text();
    const pointer = ["paths", path, method, "responses", status, "content", type ?? ""];
    if (type?.endsWith("json") === true) this.#validate(asked, pointer, JSON.parse(text));
    this.seen.add(`${asked.split("?")[0]} ${status}`);
  }

  /** @throws if the request does not match its description */
  checkBody(asked: string, body: unknown): void {
    const { path, method } = this.#operation(asked);
    this.#validate(asked, ["paths", path, method, "requestBody", "content", "application/json"], body);
  }

  #operation(asked: string) {
    const [verb = "", url = ""] = asked.split(" ");
    const given = url.split("?")[0] ?? "";
    const path = Object.keys(this.document.paths).find((template) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(given),
    );
    const method = verb.toLowerCase() as "get" | "post" | "delete";
    const operation = this.document.paths[path ?? ""]?.[method];
    if (path === undefined || operation === undefined) throw new Error(`${asked} is not described`);
    return { path, method, operation };
  }

  #validate(asked: string, pointer: readonly string[], value: unknown): void {
    const fragment = [...pointer, "schema"]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const validate: ValidateFunction | undefined = this.#ajv.getSchema(`${place}#/${fragment}`);
    if (validate === undefined) throw new Error(`${asked}: there is no schema at ${fragment}`);
    if (!validate(value)) throw new Error(`${asked}: ${this.#ajv.errorsText(validate.errors)}`);
  }
}

/** Forbids undescribed members: clients must accept new members, but a test must not. */
function closed(schema: object): object {
  return Object.fromEntries(
    Object.entries(schema).map(([name, value]: [string, unknown]) => {
      if (Array.isArray(value))
        return [name, value.map((item: unknown) => (isObject(item) ? closed(item) : item))];
      if (!isObject(value)) return [name, value];
      const inner = closed(value);
      const open = "properties" in value && "type" in value && !("additionalProperties" in value);
      return [name, open && value["type"] === "object" ? { ...inner, additionalProperties: false } : inner];
    }),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}
