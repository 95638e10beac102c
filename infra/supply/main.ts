import { join } from "node:path";
import { COMMON_OPTIONS, commandNamed, parseWords, wantsJson } from "../cli/kit/arguments.ts";
import { ExitCode } from "../cli/kit/exit-code.ts";
import { reportFailure } from "../cli/kit/failure.ts";
import { tolerateLostOutput } from "../cli/kit/faults.ts";
import { helpText, JSON_ROW } from "../cli/kit/help-text.ts";
import application from "../../package.json" with { type: "json" };
import { billOfMaterials } from "./bill-of-materials.ts";
import { byLicence } from "./licences.ts";
import { readLockedPackages } from "./locked-packages.ts";
import { printError, printOut } from "../cli/kit/terminal.ts";

const help = helpText({
  synopsis: "supply sbom|licences [options]",
  about: `Lists Penstock's packages, read from bun.lock and node_modules: as a CycloneDX 1.6 bill of materials, or by licence. Leaves
out packages that are only for building and testing.`,
  options: [["--development", "include packages that are only for building and testing"], JSON_ROW],
});

tolerateLostOutput();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const options = { ...COMMON_OPTIONS, development: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseWords({ args, options, allowPositionals: true });
    if (values.help) {
      printOut(help);
      return ExitCode.done;
    }
    const command = commandNamed(positionals[0], ["sbom", "licences"]);
    const all = await readLockedPackages(join(import.meta.dir, "../.."));
    const packages = all.filter(({ isProduction }) => values.development || isProduction);
    if (command === "licences") {
      printOut(values.json ? `${JSON.stringify(byLicence(packages))}\n` : licenceTable(packages));
    } else {
      const { dependencies, devDependencies } = application;
      const needs = Object.keys({ ...dependencies, ...(values.development ? devDependencies : {}) });
      printOut(`${billOfMaterials(application, packages, needs)}\n`);
    }
    return ExitCode.done;
  } catch (error) {
    return reportFailure(error, { help, json: wantsJson(args), write: printError });
  }
}

function licenceTable(packages: Parameters<typeof byLicence>[0]): string {
  return byLicence(packages)
    .map(([licence, names]) => `${licence} (${names.length})\n${names.map((name) => `  ${name}\n`).join("")}`)
    .join("\n");
}
