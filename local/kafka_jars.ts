import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import { fillOnce } from "./folders.ts";

/** The oldest Java that Kafka 4's broker runs on (Kafka's documentation, "Java Version"). */
const oldestJava = 17;

const waysOut =
  "install it (Debian, Ubuntu: apt install openjdk-17-jre-headless maven; macOS: brew install openjdk maven), " +
  "or set BOOTSTRAP_SERVER to a Kafka of your own, and DB_URL to a Postgres of your own";

/**
 * Finds the Java to run Kafka with: `$JAVA_HOME`'s, else the PATH's.
 *
 * @throws if there is none, or an older one than Kafka needs
 */
export async function findJava(): Promise<string> {
  const home = Deno.env.get("JAVA_HOME");
  const java = home ? `${home}/bin/java` : "java";
  // It fails not only where the command is missing: macOS has a `java` that only says that there is no Java.
  const version = javaVersion(await run(java, ["-version"]).catch(() => ""));
  if (version === undefined) {
    throw new Error(`Cannot start Kafka as there is no Java (${oldestJava} or newer): ${waysOut}`);
  }
  if (version < oldestJava) {
    throw new Error(
      `Cannot start Kafka as Java must be ${oldestJava} or newer and is ${version}: ${waysOut}`,
    );
  }
  return java;
}

/** The major version in what `java -version` prints, which before 9 was the second number: "1.8.0_402". */
export function javaVersion(printed: string): number | undefined {
  const [, first, second] = printed.match(/version "(\d+)(?:\.(\d+))?/) ?? [];
  return first === undefined ? undefined : Number(first === "1" ? second : first);
}

/**
 * Has Maven put the jars that `pom.xml` names into a folder, once, and reports the progress.
 *
 * @throws if there is no Maven, or it fails
 */
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
      if (/ Downloaded .*\.jar /.test(line) && ++jars % 10 === 0) {
        progress(`Fetching Kafka: ${jars} jars so far`);
      }
    };
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"];
    try {
      await run("mvn", ["--batch-mode", "--strict-checksums", "--file", pom, ...goal], {
        env: mavenHome(),
        onLine,
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Deno.errors.NotFound) {
        throw new Error(`Cannot fetch Kafka as there is no Maven (mvn): ${waysOut}`);
      }
      throw new Error(
        "Cannot fetch Kafka: try again when Maven Central can be reached, or set BOOTSTRAP_SERVER to a Kafka of your own",
        { cause: error },
      );
    }
  });
}

/** Java, and so Maven, seeks a user's folder where the system's list of users has it; here, as elsewhere, $HOME decides. */
function mavenHome(): Record<string, string> {
  const home = Deno.env.get("HOME");
  if (!home || home === userInfo().homedir) return {};
  return { MAVEN_OPTS: `${Deno.env.get("MAVEN_OPTS") ?? ""} -Duser.home=${home}` };
}
