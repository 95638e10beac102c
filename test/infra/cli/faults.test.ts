import { expect, test } from "bun:test";

const module = new URL("../../../infra/cli/faults.ts", import.meta.url).pathname;
const fault = `Object.assign(new Error("a fault"), { client: { password: ["hunter", "2"].join("") } })`;

test.each([
  ["thrown in a callback", `setTimeout(() => { throw ${fault}; }, 1)`],
  ["a promise that nobody waited for", `void Promise.reject(${fault})`],
  ["no error at all", `void Promise.reject("a fault")`],
])("%s ends the process with its message alone", async (_, act) => {
  const script = `import { endOnFaults } from ${JSON.stringify(module)};
    endOnFaults(); ${act}; setTimeout(() => {}, 5_000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ out, error, code }).toEqual({ out: "", error: "an error nobody handled: a fault\n", code: 1 });
});
