import type { KafkaCluster } from "../../../local/kafka_cluster.ts";
import { groupName, topicName } from "../../../shared/kafka/mod.ts";
import { book } from "../../../shared/streams/book.ts";
import { kline } from "../../../shared/streams/kline.ts";
import { sleep } from "../../../shared/wait.ts";
import { growCommitsUntil, moveCoordinator } from "../../commits.ts";
import { addPartitions, leaderOf, placeOf, untilInSync } from "../../leaders.ts";
import { until } from "../../until.ts";
import { watchCommits } from "../commit_watch.ts";
import type { Outcome, Scenario } from "../scenario.ts";
import { recovery, type Stage } from "../stage.ts";

/** How long a coordinator takes to load its commits, in ms. */
const LOAD_MS = 1_000;
/** New partitions are used within this time, in ms. */
const GROWN_MS = 30_000;

/** Breaks brokers while commits are watched; `run` returns how often something was broken. */
async function amidCommits(stage: Stage, run: (cluster: KafkaCluster) => Promise<number>): Promise<Outcome> {
  const { cluster } = stage.servers;
  if (!cluster) throw new Error("Cannot break single brokers as there is but one: use --cluster");
  await using watch = watchCommits(stage);
  const injected = await run(cluster);
  await recovery(stage, Date.now());
  return { injected, recovery: watch.longest() };
}

/** Waits until all brokers have all of what they lead and follow. */
async function caughtUp({ config, streams }: Stage, { bootstrap }: KafkaCluster): Promise<void> {
  const topics = streams.map((stream) => topicName(config.kafka, stream.message));
  await untilInSync(bootstrap, [...topics, "__consumer_offsets"]);
}

export const coordinatorMoved: Scenario = {
  name: "coordinator moved",
  promise:
    "a group's coordinator that moves, and takes a second to load its commits, delays no commit by 15 s",
  gaps: "none",
  seconds: { short: 110, long: 150 },
  async run(stage, form) {
    const [group, other] = [book, kline].map((stream) => groupName(stage.config.kafka, stream.message));
    // Somewhat more than is wanted: times vary.
    await growCommitsUntil(stage.servers.kafka.bootstrap, group, 1.5 * LOAD_MS);
    await recovery(stage, Date.now());
    return await amidCommits(stage, async ({ bootstrap }) => {
      const wanted = { short: 3, long: 6 }[form];
      let injected = 0;
      for (let n = 0; injected < wanted && n < 3 * wanted; n++) {
        if (await moveCoordinator(bootstrap, group) >= LOAD_MS) injected++;
        await moveCoordinator(bootstrap, other);
        await recovery(stage, Date.now());
      }
      return injected;
    });
  },
};

export const brokersRestarted: Scenario = {
  name: "brokers restarted",
  promise: "a rolling restart of all brokers delays no commit by 15 s",
  gaps: "none",
  seconds: { short: 90, long: 150 },
  run: (stage, form) =>
    amidCommits(stage, async (cluster) => {
      const rounds = { short: 1, long: 2 }[form];
      for (let n = 0; n < rounds; n++) {
        for (const broker of cluster.brokers.values()) {
          await broker.stop();
          await broker.restart();
          await caughtUp(stage, cluster);
        }
      }
      return 3 * rounds;
    }),
};

export const brokersKilled: Scenario = {
  name: "brokers killed",
  promise: "killing each broker in turn delays no commit by 15 s",
  gaps: "none",
  seconds: { short: 110, long: 190 },
  run: (stage, form) =>
    amidCommits(stage, async (cluster) => {
      const rounds = { short: 1, long: 2 }[form];
      for (let n = 0; n < rounds; n++) {
        for (const broker of cluster.brokers.values()) {
          await sleep(stage.random(2_000));
          await broker.kill();
          await recovery(stage, Date.now());
          await broker.restart();
          await caughtUp(stage, cluster);
        }
      }
      return 3 * rounds;
    }),
};

export const brokerFrozen: Scenario = {
  name: "broker frozen",
  promise:
    "a broker that accepts connections and answers nothing, a coordinator or a leader, delays no commit by 15 s",
  gaps: "none",
  seconds: { short: 110, long: 180 },
  run: (stage, form) =>
    amidCommits(stage, async (cluster) => {
      const { bootstrap, brokers } = cluster;
      const coordination = placeOf(groupName(stage.config.kafka, book.message));
      const led = { topic: topicName(stage.config.kafka, kline.message), partition: 0 };
      const places = { short: [coordination, led], long: [coordination, led, coordination, led] }[form];
      for (const place of places) {
        const { pid } = brokers.get(await leaderOf(bootstrap, place))!;
        Deno.kill(pid, "SIGSTOP");
        try {
          await sleep(20_000);
          await recovery(stage, Date.now());
        } finally {
          Deno.kill(pid, "SIGCONT");
        }
        await caughtUp(stage, cluster);
      }
      return places.length;
    }),
};

export const partitionsAdded: Scenario = {
  name: "partitions added",
  promise:
    "partitions that are added to a topic are used within half a minute, and what is stored is right whatever is read first",
  gaps: "none",
  seconds: { short: 90, long: 90 },
  setting: { symbols: Array.from({ length: 16 }, (_, n) => `S${n}USDT`) },
  async run(stage) {
    const { config, kafka, problems } = stage;
    const since = performance.now();
    const outcome = await amidCommits(stage, async ({ bootstrap }) => {
      for (const stream of [book, kline]) {
        await addPartitions(bootstrap, topicName(config.kafka, stream.message), 8);
      }
      for (const stream of [book, kline]) {
        const topic = topicName(config.kafka, stream.message);
        const added = [4, 5, 6, 7];
        await until("new partitions to be written, read and committed", async () => {
          const extent = await kafka.extentOf(topic);
          const written = extent.filter(({ partition, high }) => added.includes(partition) && high > 0);
          const sent = written.reduce((sum, { high }) => sum + high, 0);
          const partitions = written.map(({ partition }) => partition);
          const group = groupName(config.kafka, stream.message);
          return sent > 0 && await kafka.messagesBehind(group, topic, partitions) < sent;
        }, 2 * GROWN_MS);
      }
      return 8;
    });
    const took = performance.now() - since;
    if (took > GROWN_MS) problems.push(`new partitions were used after ${Math.round(took)} ms`);
    return { ...outcome, recovery: took };
  },
};
