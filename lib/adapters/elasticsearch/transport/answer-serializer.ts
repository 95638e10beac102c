import { Serializer } from "@elastic/transport";
import { parseUniformAnswer } from "../../../rules/outcomes/bulk-answer.ts";

/** The official client's, which reads the usual answer to a bulk without parsing each of its items. */
export class AnswerSerializer extends Serializer {
  // The signature is the client's: it promises whatever its caller expects. Ours expect nothing, and look.
  // eslint-disable-next-line typescript/no-unnecessary-type-parameters
  override deserialize<T = unknown>(json: string): T {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion
    return (parseUniformAnswer(json) as T | undefined) ?? super.deserialize<T>(json);
  }
}
