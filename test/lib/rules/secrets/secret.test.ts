import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { Secret, secretOrNull } from "../../../../lib/rules/secrets/secret.ts";

const text = "correct-horse";
const secret = new Secret(text);
const held = {
  deep: {
    list: [{ secret }],
    map: new Map([["k", secret]]),
    error: Object.assign(new Error("x"), { secret }),
  },
};

test.each<[string, () => string]>([
  ["a text", () => `${String(secret)}${secret.toString()}`],
  ["JSON", () => JSON.stringify(held)],
  ["util.inspect, hidden fields too", () => inspect(held, { depth: 20, showHidden: true, getters: true })],
  ["Bun.inspect", () => Bun.inspect(held, { depth: 20 })],
  ["an error that holds it", () => Bun.inspect(held.deep.error)],
  ["its own fields", () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret)])],
  ["a structured clone", () => inspect(structuredClone(secret), { showHidden: true })],
])("%s does not show it", (_, shown) => {
  expect(shown()).not.toContain(text);
});

test("a dump of an object with a secret shows that something is hidden", () => {
  expect(JSON.stringify({ password: secret })).toBe('{"password":"(hidden)"}');
  expect(inspect({ password: secret })).toContain("(hidden)");
});

test("a process that prints it, or dies of an error with it, does not show it", async () => {
  const module = new URL("../../../../lib/rules/secrets/secret.ts", import.meta.url).pathname;
  const script = `import { Secret } from ${JSON.stringify(module)};
    const settings = { password: new Secret(["correct", "horse"].join("-")) };
    console.log(settings, [settings]); console.error(settings.password); console.table([settings]);
    throw Object.assign(new Error("a fault"), { settings });`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(error).toContain("a fault");
  expect(`${out}${error}`).not.toContain(text);
});

test("an absent or empty text is not a secret", () => {
  expect([null, undefined, ""].map(secretOrNull)).toEqual([null, null, null]);
  expect(secretOrNull(" ")?.reveal()).toBe(" ");
});
