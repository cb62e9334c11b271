import { sleep } from "../shared/wait.ts";
import type { Backlog } from "./backlog.ts";
import { serveFrames } from "./frame_server.ts";
import { sendPaced } from "./pace.ts";
import { freshDatabase, freshTopics, type Stack } from "./stack.ts";

/** Messages a second that an exchange sends to a producer that starts. */
const RATE = 1_000;
/** How long the first message may take, in ms. */
const LIMIT_MS = 60_000;

/** From the start of the producer's process until another client of Kafka has its first message, in s. */
export async function secondsToMessage(stack: Stack): Promise<number> {
  await using server = await serveFrames();
  const { kafka, topic, env } = await freshTopics(stack);
  const stop = new AbortController();
  const messages = kafka.follow(topic, "beginning", AbortSignal.timeout(LIMIT_MS));
  const arrived = messages.next().then(() => performance.now());
  const sending = server.connected.then(() => sendPaced(server, RATE, stop.signal));
  const startedAt = performance.now();
  await using worker = stack.startWorker("book:produce", { ...env, BINANCE_WS_URL: server.url });
  const arrivedAt = await arrived;
  await messages.return(undefined);
  stop.abort();
  await sending;
  await worker.kill("SIGTERM");
  return (arrivedAt - startedAt) / 1_000;
}

/** From the start of the consumer's process until another session sees the first row of a backlog, in s. */
export async function secondsToRow(stack: Stack, { topics }: Backlog): Promise<number> {
  await using database = await freshDatabase(stack);
  const env = { ...topics.env, DB_URL: database.url, KAFKA_GROUP_ID: `first-${crypto.randomUUID()}` };
  const startedAt = performance.now();
  await using _worker = stack.startWorker("book:consume", env);
  for (;;) {
    const rows = await database.sql`select from websocket.order_book_data limit 1`;
    if (rows.length > 0) return (performance.now() - startedAt) / 1_000;
    await sleep(5);
  }
}
