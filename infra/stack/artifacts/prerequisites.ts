import { canInstall, installPackage } from "./debian.ts";
import { findJdk, oldestJava, type JdkSearch } from "./jdk.ts";

/** Paths of the required programs; "" for those not needed this time. */
export interface Prerequisites {
  jdkHome: string;
  mvn: string;
  etcd: string;
}

export interface Needs {
  jdk: boolean;
  mvn: boolean;
  etcd: boolean;
}

/** Something must be installed first. The message lists all of it, and how. */
export class MissingPrerequisites extends Error {
  override readonly name = "MissingPrerequisites";
  constructor(readonly missing: readonly string[]) {
    super(["Please install these first:", ...missing.map((line) => `  - ${line}`)].join("\n"));
  }
}

/**
 * Finds the required programs. Installs only etcd, and only where that needs no question: as root on Debian or Ubuntu.
 * @param onInstall called before that
 * @throws MissingPrerequisites
 */
export async function findPrerequisites(
  needs: Needs,
  environment: Readonly<Record<string, string | undefined>>,
  onInstall?: () => void,
): Promise<Prerequisites> {
  const path = { PATH: environment["PATH"] ?? "" };
  const missing: string[] = [];

  const jdk: JdkSearch = needs.jdk ? await findJdk(environment) : { home: "", seen: [] };
  if (jdk.home === undefined) missing.push(missingJdk(jdk));

  const mvn = needs.mvn ? Bun.which("mvn", path) : "";
  if (mvn === null) {
    missing.push(
      "Apache Maven (`mvn` on the PATH): apt-get install maven, brew install maven, or https://maven.apache.org",
    );
  }

  let etcd = needs.etcd ? Bun.which("etcd", path) : "";
  if (etcd === null && canInstall()) {
    onInstall?.();
    const failure = await installPackage("etcd-server", environment);
    etcd = Bun.which("etcd", path);
    if (etcd === null) missing.push(`etcd: installing Debian's etcd-server failed: ${failure}`);
  } else if (etcd === null) {
    missing.push(
      "etcd (`etcd` on the PATH): apt-get install etcd-server, brew install etcd, or https://etcd.io",
    );
  }

  if (missing.length > 0 || jdk.home === undefined || mvn === null || etcd === null)
    throw new MissingPrerequisites(missing);
  return { jdkHome: jdk.home, mvn, etcd };
}

function missingJdk({ seen }: JdkSearch): string {
  const found = seen.map(({ home, version }) => `${version} in ${home}`).join(", ");
  return (
    `a JDK, ${oldestJava} or newer (${found ? `found only ${found}` : "none found"}): apt-get install openjdk-21-jdk-headless, ` +
    "brew install openjdk@21, or https://adoptium.net; if it is in an unusual folder, set JAVA_HOME"
  );
}
