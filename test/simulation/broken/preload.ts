// Loads the source with one deliberate fault: the variant named in the environment.
import { join } from "node:path";
import { plugin } from "bun";
import { BROKEN_VARIABLE } from "../runner.ts";
import { breakSource } from "./break-source.ts";
import { variants } from "./variants.ts";

const root = join(import.meta.dir, "../../..");
const name = process.env[BROKEN_VARIABLE];
const variant = variants.find((one) => one.name === name);
if (variant === undefined) throw new Error(`no broken variant is called ${name}`);

const files = new Map(variant.edits.map(({ file }) => [join(root, file), file]));
plugin({
  name: "broken variant",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const file = files.get(path);
      return { contents: file === undefined ? text : breakSource(text, file, variant), loader: "ts" };
    });
  },
});
