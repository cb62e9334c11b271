import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import { fillOnce } from "./folders.ts";

/** The oldest Java that runs Kafka 4's broker (its documentation, "Java Version"). */
const leastJava = 17;

const waysOut =
  "install it (Debian and Ubuntu: apt install openjdk-17-jre-headless maven; macOS: brew install openjdk " +
  "maven), or set BOOTSTRAP_SERVER to a Kafka of your own (and DB_URL to a Postgres of your own).";

/**
 * Finds the Java to run Kafka with: `$JAVA_HOME`'s, else the PATH's.
 *
 * @throws if there is none, or an older one than Kafka needs
 */
export async function findJava(): Promise<string> {
  const home = Deno.env.get("JAVA_HOME");
  const java = home ? `${home}/bin/java` : "java";
  let said: string;
  try {
    said = await run(java, ["-version"]);
  } catch {
    // Not only a missing command: macOS has a `java` that only says that there is no Java.
    throw new Error(`Cannot start Kafka as there is no Java ${leastJava} or newer: ${waysOut}`);
  }
  const version = javaVersion(said);
  if (version < leastJava) {
    throw new Error(`Cannot start Kafka as Java is ${version} and must be ${leastJava} or newer: ${waysOut}`);
  }
  return java;
}

/** The major version in what `java -version` prints; before 9 it was written "1.8.0". */
export function javaVersion(said: string): number {
  const [, major, minor] = said.match(/version "(\d+)(?:\.(\d+))?/) ?? [];
  return Number(major === "1" ? minor : major);
}

/** Has Maven put the jars that `pom.xml` names into a folder, once. It takes seconds to a minute, so it tells how far it is. */
export async function fetchJars(
  folder: string,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const pom = fileURLToPath(new URL("pom.xml", import.meta.url));
  await fillOnce(folder, await Deno.readTextFile(pom), async () => {
    progress("Fetching Kafka (once, 45 MB)");
    let jars = 0;
    const onLine = (line: string) => {
      if (/ Downloaded .*\.jar /.test(line) && ++jars % 10 === 0) progress(`Fetching Kafka: ${jars} jars`);
    };
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"];
    try {
      await run("mvn", ["--batch-mode", "--strict-checksums", "--file", pom, ...goal], { onLine, signal });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(`Cannot fetch Kafka as there is no Maven (mvn): ${waysOut}`);
    }
  });
}
