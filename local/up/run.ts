import { join, relative } from "node:path";
import { type Config, readConfig, readOptions, sliceNames, variablesOf } from "../../shared/config/config.ts";
import { checkEnvFile } from "../../shared/config/env_file.ts";
import type { Variables } from "../../shared/config/variables.ts";
import { foreignHost } from "../../shared/exchange/host.ts";
import { listStreams } from "../../shared/list_streams.ts";
import { createLog } from "../../shared/log.ts";
import { localFolder } from "../folders.ts";
import { lockFolder } from "../lock.ts";
import { apartOf } from "./apart.ts";
import { commitHere } from "./commit.ts";
import { writeUpDatabase } from "./database_file.ts";
import { dataHint, denoCommand } from "./data_hint.ts";
import { startLocalExchange } from "./exchange.ts";
import { chooseFeed, headline, obstacleTo } from "./feed.ts";
import { belongingsOf, clear, requireWord } from "./fresh.ts";
import { migrate } from "./migrate.ts";
import { knownVariables, misspelt } from "./misspelt.ts";
import { createMonitor, type Line } from "./monitor.ts";
import type { Options } from "./options.ts";
import { supervise } from "./supervise.ts";
import { createRegistry, endLeftovers } from "./registry.ts";
import { startServers } from "./servers.ts";
import { bufferedOf, lostWords, unsentOf } from "./summary.ts";
import { workerSettings } from "./settings.ts";
import { readTasks, root, taskArguments } from "./tasks.ts";
import type { Terminal } from "./terminal.ts";
import { makeTopics } from "./topics.ts";
import { startWorker, type WorkerProcess } from "./worker.ts";

/** Where the workers' logs are kept. */
const logFolder = join(localFolder, "log");

export interface Surroundings {
  readonly terminal: Terminal;
  /** Aborted when the user wants it to stop. */
  readonly signal: AbortSignal;
  /** Takes what has to be ended when the user can't wait; it returns what is to be said of that. */
  readonly onChild: (kill: () => string | undefined | void) => void;
}

/**
 * Runs the pipeline until it is stopped, its time is over, or its recording ends.
 * @returns the exit code: 0 if all that was received is stored
 * @throws {Error} in words for the user, if the pipeline can't run
 */
export async function runPipeline(options: Options, surroundings: Surroundings): Promise<number> {
  const { terminal, signal, onChild } = surroundings;
  const env = Deno.env.toObject();
  const isSet = (name: string) => (env[name] ?? "").trim() !== "";
  const tasks = readTasks();
  const streams = await listStreams();
  const declared: Variables = Object.assign({}, ...streams.map(({ feed }) => feed?.options));
  await checkEnvFile(Object.keys({ ...variablesOf(sliceNames), ...declared }));
  // Mistakes are reported before anything is started.
  const wanted = readConfig(env);
  readOptions(declared, env);

  await using stack = new AsyncDisposableStack();
  stack.use(await claim());
  const leftovers = await endLeftovers();
  const ownServers = isSet("BOOTSTRAP_SERVER") || isSet("DB_URL");
  const feed = await chooseFeed(
    options.feed,
    { host: foreignHost(wanted), ownServers },
    () => obstacleTo(wanted.binanceRestUrl, wanted.market.paths.ping, signal),
  );
  terminal.shout(headline(feed, wanted));
  for (const { name, meant } of misspelt(Object.keys(env), await knownVariables())) {
    terminal.say(`Nothing reads ${name}: is ${meant} meant?`);
  }
  if (leftovers > 0) terminal.say(`Ended ${leftovers} workers that an earlier run had left behind`);

  const apart = await apartOf(feed);
  const local = stack.use(await startLocalExchange(feed, options, streams, wanted, isSet("SYMBOLS")));
  const servers = stack.use(
    await startServers({
      wantsKafka: !isSet("BOOTSTRAP_SERVER"),
      wantsPostgres: !isSet("DB_URL"),
      progress: terminal.say,
      signal,
    }),
  );
  onChild(servers.kill);
  const exchange = local && { ...local, url: local.exchange.url, wsUrl: local.exchange.wsUrl };
  const settings = {
    BOOKLINE_BUILD: await commitHere() ?? "",
    ...workerSettings(env, feed, apart, { ...servers, exchange }),
  };
  const filled = { ...env, ...settings };
  const config = readConfig(filled);
  const log = createLog("up", config.logLevel, terminal.say);

  terminal.say(`${options.fresh ? "Clearing" : "Preparing"} topics and tables`);
  if (options.fresh) {
    const isMadeUp = feed.kind === "simulated" || feed.kind === "file";
    const belongings = belongingsOf(streams, config);
    requireWord(belongings, options.fresh.database, isMadeUp || !ownServers);
    await clear(belongings, config, log, signal);
  }
  await Promise.all([
    makeTopics(streams, config.kafka, log, signal),
    migrate(taskArguments(tasks, "migrate"), settings, signal),
  ]);
  stack.use(
    await writeUpDatabase({
      env: databaseVariables(filled),
      given: env.DB_URL?.trim() ?? "",
      headline: headline(feed, wanted),
    }),
  );
  const hint = dataHint(config, servers.databaseUrl !== undefined);
  terminal.say(
    ["Look at the data, in another terminal, with", ...hint.map((line) => `  ${line}`)].join("\n"),
  );

  const workers: WorkerProcess[] = [];
  stack.defer(async () => void await Promise.all(workers.map((worker) => worker.stop())));
  const registry = createRegistry();
  const start = (task: string, streams: readonly string[], args = taskArguments(tasks, task)) => {
    const plan = { task, streams, args, settings, logFolder, registry, notice: terminal.say };
    const worker = startWorker(plan);
    workers.push(worker);
    return worker;
  };
  await Deno.mkdir(logFolder, { recursive: true });
  // Workers make little of these, so one process stores it.
  const side = streams.filter(({ feed }) => !feed).map(({ message }) => message.name);
  const sideConsumer = start(`consume ${side.join(" ")}`, side, [
    ...taskArguments(tasks, "consume"),
    ...side,
  ]);
  const lines = streams.map((stream): Line => {
    const { name } = stream.message;
    if (!stream.feed) return { stream, consumer: sideConsumer };
    return {
      stream,
      producer: start(`${name}:produce`, [name]),
      consumer: start(`${name}:consume`, [name]),
    };
  });
  const repair = start("repair", ["repair"]);
  const monitor = stack.use(createMonitor(lines, [repair], servers.kept, config, log));
  onChild(() => {
    workers.forEach((worker) => worker.kill());
    const picture = monitor.picture();
    return lostWords(bufferedOf(picture) + unsentOf(picture));
  });
  return await supervise(
    { feed, options, config, places: placesOf(config), lines, repair, monitor, exchange: local?.exchange },
    terminal,
    signal,
  );
}

/** Where things are, for the screen. The database's URL itself is too long for most. */
const placesOf = ({ kafka }: Config) => ({
  "look": `${denoCommand()} task sql 'select …'`,
  "psql": `psql "$(${denoCommand()} task -q sql --url)"`,
  Kafka: `${kafka.brokers.join(", ")}${kafka.topicPrefix && `, topics ${kafka.topicPrefix}*`}`,
  logs: relative(root, logFolder),
});

/** The variables by which another process finds the database. An empty value stands for none, whatever `.env` says. */
const databaseVariables = (env: Record<string, string | undefined>) =>
  Object.fromEntries(["DB_URL", "DB_USER", "DB_PASSWORD"].map((name) => [name, env[name] ?? ""]));

/** One `up` at a time in a clone: two would share its servers' folders. */
async function claim(): Promise<Disposable> {
  try {
    return await lockFolder(join(localFolder, "up"));
  } catch (error) {
    throw new Error("Another `deno task up` runs in this project already", { cause: error });
  }
}
