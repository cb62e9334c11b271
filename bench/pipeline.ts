import type { Book } from "../shared/streams/book.ts";
import { poll } from "../shared/poll.ts";
import type { TestWorker } from "../tests/worker.ts";
import { type FrameServer, serveFrames } from "./frame_server.ts";
import { sendPaced } from "./pace.ts";
import { ticks } from "./kinds.ts";
import { createDigest, digestOf, requireSame, sentFieldsOf } from "./rows.ts";
import { type Database, freshDatabase, freshTopics, type Stack, type Topics } from "./stack.ts";

/** The book's two workers between an exchange and a database of their own. */
export interface Pipeline extends AsyncDisposable {
  readonly server: FrameServer;
  readonly topics: Topics;
  readonly database: Database;
  readonly producer: TestWorker;
  readonly consumer: TestWorker;
}

/** Starts the real workers; returns once both are connected. */
export async function startPipeline(stack: Stack): Promise<Pipeline> {
  await using parts = new AsyncDisposableStack();
  const server = parts.use(await serveFrames());
  const topics = await freshTopics(stack);
  const database = parts.use(await freshDatabase(stack));
  // An exchange that says nothing for longer than usual is what the idle workers are measured with.
  const env = { ...topics.env, DB_URL: database.url, BINANCE_WS_URL: server.url, SILENCE_SECONDS: "3600" };
  const consumer = parts.use(stack.startWorker("book:consume", env));
  const producer = parts.use(stack.startWorker("book:produce", env));
  await Promise.all([server.connected, consumer.says(/joined the group/)]);
  const kept = parts.move();
  return { server, topics, database, producer, consumer, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Sends updates at a rate for so long, waits until they are all stored, and returns them.
 * @throws {Error} if the workers can't keep up, or the table does not hold exactly what was sent
 */
export async function play(pipeline: Pipeline, rate: number, seconds: number): Promise<Book[]> {
  const sent = await sendPaced(pipeline.server, rate, AbortSignal.timeout(seconds * 1_000));
  await allStored(pipeline, sent.length);
  const expected = createDigest(sentFieldsOf(ticks));
  sent.forEach(expected.add);
  const found = await digestOf(pipeline.database.sql, "websocket.order_book_data", sentFieldsOf(ticks));
  requireSame("Bookline", found, expected);
  return sent;
}

/** How often the workers are asked how far they are, in ms. */
const POLL_MS = 100;
/** How long they may take for what is left once nothing more is sent, in ms. */
const LIMIT_MS = 120_000;

async function allStored({ producer, consumer }: Pipeline, count: number): Promise<void> {
  const isStored = await poll(async () => {
    const dropped = (await producer.report())?.counts.dropped ?? 0;
    if (dropped > 0) throw new Error(`Cannot count this run as the producer has dropped ${dropped} messages`);
    return (await consumer.report())?.counts.stored === count;
  }, { ms: LIMIT_MS, pauseMs: POLL_MS });
  if (isStored) return;
  throw new Error(
    `Cannot count this run as its rows are not stored ${LIMIT_MS / 1_000} s after the last frame`,
  );
}
