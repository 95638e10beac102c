import { Serializer } from "@elastic/transport";
import { parseUniformAnswer } from "../../../rules/outcomes/bulk-answer.ts";

/** The client's serializer, with a fast path for the usual bulk answer that avoids parsing each item. */
export class AnswerSerializer extends Serializer {
  // The signature is the client's: it claims whatever type the caller expects. Our callers check the value.
  // eslint-disable-next-line typescript/no-unnecessary-type-parameters
  override deserialize<T = unknown>(json: string): T {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion
    return (parseUniformAnswer(json) as T | undefined) ?? super.deserialize<T>(json);
  }
}
