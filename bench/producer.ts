import { findJava } from "../local/kafka_jars.ts";
import { sleep } from "../shared/wait.ts";
import type { TestWorker } from "../tests/worker.ts";
import { batches } from "./backlog.ts";
import { eventsOf, frameOf, messageOf, startTimeOf } from "./feed.ts";
import { contenderHeading, contenderRow, rates, type Run, timesAsFast } from "./contender.ts";
import { type FrameServer, serveFrames } from "./frame_server.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { produceWithJava, writePayloads } from "./peers/java.ts";
import { startCpuMeter } from "./process.ts";
import { type Kind, ticks, trades } from "./kinds.ts";
import { createDigest, type Digest, requireSame, sentFieldsOf } from "./rows.ts";
import { freshTopics, type Stack, startStack } from "./stack.ts";
import { measured, rounded } from "./statistics.ts";
import { spread, table } from "./table.ts";
import { topicDigest } from "./topic.ts";

/** Frames of one write to the socket. */
const FRAMES = 500;

/**
 * Frames that are under way at most: enough that the producer never waits for one, few enough that its buffer, of the usual
 * size, never overflows.
 */
const UNDER_WAY = 50_000;

/** How often the producer is asked how far it is: so seldom that it costs almost nothing, in ms. */
const POLL_MS = 25;

/** What is sent, made before it is timed. */
interface Load {
  readonly kind: Kind;
  /** Whole frames, so many in each. */
  readonly writes: readonly { readonly bytes: Uint8Array; readonly frames: number }[];
  readonly digest: Digest;
}

/**
 * How fast the book's producer takes frames from the exchange's socket and has them acked by Kafka (acks=all), against Kafka's
 * own ProducerPerformance with the same messages, and the trades' producer with as many trades. The contenders take turns, each time on a new topic.
 */
export async function run(progress: Progress, { runs, messages }: Options): Promise<Result> {
  const java = await findJava();
  await using stack = await startStack(progress);
  progress("making frames");
  const load = makeLoad(ticks, messages);
  const tradeLoad = makeLoad(trades, messages);
  using payloads = await writePayloads(messages);
  const ours: Run[] = [];
  const ofTrades: Run[] = [];
  const javas: Run[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    ours.push(await produce(stack, load));
    ofTrades.push(await produce(stack, tradeLoad));
    javas.push(await produceWithJava(stack, java, payloads, messages));
  }
  const ratio = measured(timesAsFast(ours, javas));
  const tradesRatio = measured(timesAsFast(ofTrades, ours));
  return {
    lines: table(contenderHeading("producer", "messages"), [
      contenderRow("Bookline", ours, messages),
      contenderRow("Bookline, trades", ofTrades, messages, `${spread(tradesRatio)} × ticks`),
      contenderRow("Kafka's ProducerPerformance", javas, messages, `Bookline: ${spread(ratio)} ×`),
    ]),
    json: {
      producer: {
        messages_per_s: Math.round(measured(rates(ours, messages)).median),
        vs_java: rounded(ratio.median),
        trades_vs_ticks: rounded(tradesRatio.median),
      },
    },
  };
}

function makeLoad(kind: Kind, count: number): Load {
  const digest = createDigest(sentFieldsOf(kind), kind);
  const writes = [];
  for (const events of batches(eventsOf(kind, count, startTimeOf(count)), FRAMES)) {
    for (const event of events) digest.add(messageOf(event, kind));
    writes.push({ bytes: Buffer.concat(events.map(frameOf)), frames: events.length });
  }
  return { kind, writes, digest };
}

/**
 * Has the real producer take the load, from the first frame that is written until the last message is acked.
 * @throws {Error} if the topic does not hold exactly what was sent
 */
async function produce(stack: Stack, { kind, writes, digest }: Load): Promise<Run> {
  await using server = await serveFrames();
  const topics = await freshTopics(stack, kind);
  await using worker = stack.startWorker(`${kind.name}:produce`, {
    ...topics.env,
    BINANCE_WS_URL: server.url,
  });
  await server.connected;
  const taken = await startCpuMeter({
    worker: [worker.pid],
    postgres: [stack.postgres.pid],
    kafka: [stack.kafka.pid],
  });
  const startedAt = performance.now();
  await sendInStep(server, worker, writes, digest.count);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { worker: own, kafka } = await taken();
  await worker.kill("SIGTERM");
  requireSame("Bookline", await topicDigest(topics, digest.count), digest);
  return { seconds, cpu: { worker: own, kafka } };
}

/** Sends all frames as fast as the producer takes them; returns once all are acked. */
async function sendInStep(
  server: FrameServer,
  worker: TestWorker,
  writes: Load["writes"],
  count: number,
): Promise<void> {
  let sent = 0;
  let acked = 0;
  const send = async () => {
    for (const { bytes, frames } of writes) {
      while (sent - acked > UNDER_WAY) await sleep(1);
      await server.send(bytes);
      sent += frames;
    }
  };
  const ask = async () => {
    while (acked < count) {
      acked = (await worker.report())?.counts.produced ?? 0;
      await sleep(POLL_MS);
    }
  };
  await Promise.all([send(), ask()]);
}
