import { addressesSchema, type Addresses } from "../../infra/stack/state.ts";

/** The real servers that integration tests share. The runner sets PENSTOCK_TEST_STACK to their addresses. */
export async function testStack(): Promise<Addresses> {
  const given = process.env["PENSTOCK_TEST_STACK"];
  if (given === undefined) {
    throw new Error(
      'no stack for this test: use `bun run test -- FILE`, or `bun run stack up` and `eval "$(bun infra/stack/main.ts env)"`',
    );
  }
  return addressesSchema.parse(JSON.parse(given));
}
