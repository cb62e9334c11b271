/** Copies of the project whose Docker stack a test uses alone. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../local/ports.ts";
import { temporaryFolder } from "../local/testing.ts";
import { root } from "../local/up/tasks.ts";

/** What a test can't do without the internet: ask the exchange, and fetch Grafana's image. */
const offline = `
services:
  migrate: { build: { network: host } }
  grafana: { profiles: [offline] }`;
const withoutExchange = `${offline}
  kline-producer: { profiles: [offline] }
  book-producer: { profiles: [offline] }
  trade-producer: { profiles: [offline] }`;

export const stacks = {
  live: { files: "compose.yaml", database: "bookline", override: withoutExchange },
  simulated: {
    files: "compose.yaml:compose.simulated.yaml",
    database: "bookline_simulated",
    override: offline,
  },
};

const secondMachine = (network: string) => `
services:
  kline-producer: { build: { network: host }, networks: [market] }
  book-producer: { networks: [market] }
  trade-producer: { networks: [market] }
networks:
  market: { external: true, name: ${network} }`;

/** A copy of the project with a `.env` of its own, whose containers and volumes no other test uses. */
export async function openProject({ files, override }: (typeof stacks)["live"]) {
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await temporaryFolder());
  const left = new Set([".git", ".local", "node_modules", ".env"]);
  for await (const { name } of Deno.readDir(root)) {
    if (!left.has(name)) await cp(join(root, name), join(path, name), { recursive: true });
  }
  await Deno.writeTextFile(join(path, "compose.test.yaml"), override);
  /** What its containers do, and what they said last. */
  const state = async () => {
    const args = ["-c", "docker compose ps --all; docker compose logs --tail 5"];
    return new TextDecoder().decode((await new Deno.Command("sh", { args, cwd: path }).output()).stdout);
  };
  /** Types a command on a terminal, and then these lines; returns what is to be seen. */
  const type = async (command: string, lines = "") => {
    const child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", command, "/dev/null"],
      cwd: path,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(lines)).catch(() => {}); // it may have ended
    const { success, stdout } = await child.output();
    await writer.close().catch(() => {});
    const seen = new TextDecoder().decode(stdout);
    if (!success) assert.fail(`${command}\n${seen.slice(-3_000)}\n${await state()}`);
    return seen;
  };
  /** Puts variables into its `.env`. */
  const set = async (variables: Record<string, string | number>) => {
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await Deno.writeTextFile(join(path, ".env"), ["\n", ...lines].join(""), { append: true });
  };
  const name = `bookline-test-${crypto.randomUUID().slice(0, 8)}`;
  const configure = () =>
    set({
      COMPOSE_PROJECT_NAME: name,
      COMPOSE_FILE: `${files}:compose.test.yaml`,
      KAFKA_PORT: freePort(),
      POSTGRES_PORT: freePort(),
    });
  const down = "docker compose down --volumes --remove-orphans";
  parts.defer(async () => void await type(down));
  /** The producers of a second machine: this one, in the place of the network between the two. */
  const openSecond = async () => {
    await Deno.writeTextFile(join(path, "compose.second.yaml"), secondMachine(`${name}_market`));
    const settings = {
      COMPOSE_PROJECT_NAME: `${name}-second`,
      COMPOSE_FILE: "compose.producers.yaml:compose.second.yaml",
      BOOTSTRAP_SERVER: "kafka:19092",
      BINANCE_WS_URL: "ws://exchange:8080",
      BINANCE_REST_URL: "http://exchange:8080",
      TOPIC_PREFIX: "simulated.",
    };
    const words = Object.entries(settings).map((pair) => pair.join("="));
    const typeThere = (command: string) => type(["env", ...words, command].join(" "));
    return { type: typeThere, [Symbol.asyncDispose]: async () => void await typeThere(down) };
  };
  const kept = parts.move();
  return { path, type, set, configure, openSecond, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
