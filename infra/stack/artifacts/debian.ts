import { existsSync } from "node:fs";

/** Whether packages can be installed without asking the user: as root on Debian or Ubuntu. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

/**
 * Installs a Debian package. Refreshes the package list only if installing fails without that.
 * @returns the end of apt-get's output; "" on success
 */
export async function installPackage(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", name];
  let said = "";
  for (const command of [install, ["apt-get", "update"], install]) {
    const apt = Bun.spawn(command, {
      env: { ...environment, DEBIAN_FRONTEND: "noninteractive" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [, errors, code] = await Promise.all([
      Bun.readableStreamToText(apt.stdout),
      Bun.readableStreamToText(apt.stderr),
      apt.exited,
    ]);
    if (code === 0 && command === install) return "";
    said = errors.trim().split("\n").slice(-3).join(" ");
  }
  return said;
}
