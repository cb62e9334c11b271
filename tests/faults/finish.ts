import { deadLetterTopic, groupName, topicName } from "../../shared/kafka/mod.ts";
import { kline } from "../../shared/streams/kline.ts";
import { trade } from "../../shared/streams/trade.ts";
import { readAll } from "../read_all.ts";
import { until } from "../until.ts";
import type { TestWorker } from "../worker.ts";
import { untilReadOnce } from "./coverage.ts";
import { judgeRollup, untilJobsAreCurrent } from "./jobs.ts";
import type { Interval } from "./judge/gaps.ts";
import { judge, judgeRepaired } from "./judge/tables.ts";
import type { Verdict } from "./judge/verdict.ts";
import { LIMIT_MS, type Running } from "./stage.ts";

/**
 * Lets the pipeline finish, compares its tables with the truth and its rollup with its ticks; `dead` counts what is on the
 * dead-letter topics. `unwanted`: when a feed was in no producer's SYMBOLS. `leewayMs`: how
 * much longer than by the design a gap may be at either end, where the machine has much else to do.
 */
export async function finish(
  stage: Running,
  unwanted: readonly Interval[] = [],
  leewayMs = 0,
): Promise<{ verdict: Verdict; dead: number }> {
  await drain(stage);
  const { exchange, sql } = stage;
  // Trades come where gaps are repaired.
  const verdict = stage.streams.includes(trade)
    ? await judgeRepaired(() => exchange.truth(), sql, leewayMs)
    : await judge(exchange.truth(), sql, await sentCandles(stage), unwanted, leewayMs);
  stage.problems.push(...verdict.faults);
  await judgeRollup(stage);
  return { verdict, dead: await deadLetters(stage) };
}

const sentCandles = ({ kafka, config }: Running) => readAll(kafka, topicName(config.kafka, kline.message));

/**
 * Lets the pipeline finish what it has in memory: the market stands still, the producers send what they hold and end, the
 * consumers store it, bring the database's jobs up to date and end.
 */
async function drain(stage: Running): Promise<void> {
  const { exchange, workers, kafka, config, problems, streams } = stage;
  exchange.pause();
  await until("the exchange's clients to have all", () => {
    return exchange.status().connections.every(({ backlog }) => backlog === 0);
  }, LIMIT_MS);
  const producers = workers.allOf(":produce");
  await Promise.all(producers.map(async (producer) => {
    const counts = await untilStill(producer);
    const { received, produced, rejected, dropped, merged, duplicate } = counts;
    if (received !== produced + rejected + dropped + merged + duplicate) {
      problems.push(`a producer's counts do not add up: ${JSON.stringify(counts)}`);
    }
  }));
  await workers.drain(producers);
  await workers.drain(workers.of("repair"));
  for (const stream of streams) {
    const group = groupName(config.kafka, stream.message);
    const topic = topicName(config.kafka, stream.message);
    await until(`${group} to have read all`, async () => {
      return await kafka.messagesBehind(group, topic) === 0;
    }, LIMIT_MS);
  }
  await untilReadOnce(stage);
  await untilJobsAreCurrent(stage);
  await workers.drain(workers.allOf(":consume"));
}

/** Waits until a producer has read and sent all; returns its counts. */
async function untilStill(producer: TestWorker): Promise<Record<string, number>> {
  let before = "";
  return await until("a producer to have sent all", async () => {
    const counts = (await producer.report())?.counts;
    const now = JSON.stringify(counts);
    const isStill = now === before && counts?.buffered === 0;
    before = now;
    return isStill ? counts : undefined;
  }, LIMIT_MS);
}

/** How many messages the dead-letter topics hold. */
export async function deadLetters({ kafka, config, streams }: Running): Promise<number> {
  const extents = await Promise.all(
    streams.map((stream) => kafka.extentOf(deadLetterTopic(topicName(config.kafka, stream.message)))),
  );
  return extents.flat().reduce((sum, { low, high }) => sum + high - low, 0);
}
