import { afterAll, beforeAll, expect, test } from "bun:test";
import { keyPairFault } from "../../../../lib/rules/config/key-pair.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";
import { createAuthority, type TestAuthority, type TestCertificate } from "../../../support/certificates.ts";

let authority: TestAuthority;
let [one, other]: TestCertificate[] = [];
beforeAll(async () => {
  authority = await createAuthority();
  [one, other] = await Promise.all([authority.issue("one"), authority.issue("other")]);
});
afterAll(() => authority[Symbol.asyncDispose]());

const broken = (kind: string) => `-----BEGIN ${kind}-----\nMII\n-----END ${kind}-----\n`;
const faultOf = (cert?: string, key?: string) => keyPairFault(cert ?? "", new Secret(key ?? ""));

test("a certificate matches its key, alone or followed by the CA's", () => {
  expect(faultOf(one?.cert, one?.key)).toBeNull();
  expect(faultOf(`${one?.cert}${authority.ca}`, one?.key)).toBeNull();
});

test("each mismatch has its own fault", () => {
  expect(faultOf(one?.cert, other?.key)).toEqual({
    of: "key",
    rule: "names a private key that does not match the certificate in cert",
  });
  for (const cert of [broken("CERTIFICATE"), one?.key]) {
    expect(faultOf(cert, one?.key)).toEqual({
      of: "cert",
      rule: expect.stringContaining("names a file without a certificate"),
    });
  }
  for (const key of [broken("PRIVATE KEY"), one?.cert]) {
    expect(faultOf(one?.cert, key)).toEqual({
      of: "key",
      rule: expect.stringContaining("names a file without a private key, or with an encrypted one"),
    });
  }
});
