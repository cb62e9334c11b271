import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs Docker Compose in the project, with `env` for its `.env`. */
export async function compose(args: string[], env: Record<string, string>) {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join(""));
    const command = new Deno.Command("docker", {
      args: ["compose", "--env-file", file, ...args],
      cwd: root,
      // The shell's variables would win over the file's.
      clearEnv: true,
      env: kept(["PATH", "HOME", "DOCKER_CONFIG"]),
    });
    const { success, stdout, stderr } = await command.output();
    return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

const kept = (names: string[]) =>
  Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]).filter(([, value]) => value));

/** Whether there is an engine that runs containers. */
export async function hasEngine(): Promise<boolean> {
  try {
    const command = new Deno.Command("docker", { args: ["info"], stdout: "null", stderr: "null" });
    return (await command.output()).success && await hasCompose();
  } catch {
    // Docker is not installed: Deno throws before there is a promise.
    return false;
  }
}

/** Whether Docker Compose is there. */
export async function hasCompose(): Promise<boolean> {
  return await compose(["version"], {}).then(({ success }) => success, () => false);
}

const passwords = {
  POSTGRES_PASSWORD: "p",
  WRITER_DB_PASSWORD: "w",
  GRAFANA_DB_PASSWORD: "g",
  GRAFANA_ADMIN_PASSWORD: "a",
};
const places = {
  BOOTSTRAP_SERVER: "kafka.example.com:9092",
  KAFKA_API_KEY: "key",
  KAFKA_SECRET_KEY: "secret",
  DB_URL: "jdbc:postgresql://db.example.com:5432/market",
  DB_USER: "user",
  DB_PASSWORD: "password",
};

/** Compose files that go together, and the variables that they can't do without. */
export interface Combination {
  readonly args: string[];
  readonly needs: Record<string, string>;
}

export const combinations = {
  live: { args: ["-f", "compose.yaml"], needs: passwords },
  simulated: { args: ["-f", "compose.yaml", "-f", "compose.simulated.yaml"], needs: passwords },
  cloud: { args: ["-f", "compose.cloud.yaml"], needs: places },
  producers: {
    args: ["-f", "compose.producers.yaml"],
    needs: { BOOTSTRAP_SERVER: places.BOOTSTRAP_SERVER },
  },
} satisfies Record<string, Combination>;

/** A service as `docker compose config` prints it. */
export interface Service {
  readonly image: string;
  readonly build?: unknown;
  readonly pull_policy?: string;
  readonly logging?: { driver: string };
  readonly command: string[] | null;
  readonly environment: Record<string, string | null>;
  readonly networks: Record<string, unknown>;
  readonly ports?: { host_ip?: string }[];
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly mem_limit?: string;
  readonly healthcheck?: { disable?: boolean; start_period?: string };
}

/** The services of a combination, by name. */
export async function services({ args, needs }: Combination): Promise<[string, Service][]> {
  const { success, stdout, stderr } = await compose([...args, "config", "--format", "json"], needs);
  assert.ok(success, stderr);
  return Object.entries(JSON.parse(stdout).services);
}

/** Whether the service is of our own image. */
export const isWorker = ([, { image }]: [string, Service]) => image === "bookline";
