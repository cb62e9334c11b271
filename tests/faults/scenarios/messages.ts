import { topicName } from "../../../shared/kafka/mod.ts";
import type { Stream } from "../../../shared/stream.ts";
import { book } from "../../../shared/streams/book.ts";
import { kline } from "../../../shared/streams/kline.ts";
import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { runTask } from "../task.ts";
import { deadLetters } from "../finish.ts";
import { mutate } from "../mutate.ts";
import { sampleOf } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

const FRAMES = 100_000;
/** Frames of 5 MB, so few and so far apart that a client that falls behind is not cut off for it. */
const HUGE = { frames: 2, every: 2_000 };
const MESSAGES = 10_000;

export const framesMutated: Scenario = {
  name: "frames mutated",
  promise: "100,000 bad frames all go to the dead-letter topic, and the good ones among them are stored",
  gaps: "none",
  seconds: { short: 50, long: 70 },
  // A bad frame comes with a good one: at this rate it takes half a minute.
  setting: { rate: 3_500 },
  async run(stage) {
    const { exchange } = stage;
    const truncated = FRAMES / 2 - HUGE.frames;
    exchange.inject({ fault: "huge", ...HUGE });
    exchange.inject({ fault: "garbage", frames: FRAMES / 2 });
    exchange.inject({ fault: "truncated", frames: truncated });
    await until(
      "all bad frames to be sent",
      () => exchange.status().faults.truncated === truncated,
      LIMIT_MS,
    );
    return { injected: FRAMES, recovery: await recovery(stage, Date.now()), dead: FRAMES };
  },
};

export const messagesMutated: Scenario = {
  name: "messages mutated",
  promise: "10,000 bad messages among good ones on Kafka all go to the dead-letter topic",
  gaps: "none",
  seconds: { short: 20, long: 20 },
  async run(stage) {
    const { config, kafka, random } = stage;
    await using parts = new AsyncDisposableStack();
    const producers = ([book, kline] as unknown as Stream[]).map((stream) => ({
      stream,
      producer: parts.use(kafka.producer(topicName(config.kafka, stream.message))),
    }));
    for (let sent = 0; sent < MESSAGES; sent += 50) {
      const { stream, producer } = producers[random(2)];
      const messages = Array.from({ length: 50 }, () => ({
        key: config.symbols[random(config.symbols.length)],
        value: mutate(sampleOf(stream), random),
      }));
      await producer.send(messages);
    }
    return { injected: MESSAGES, recovery: await recovery(stage, Date.now()), dead: MESSAGES };
  },
};

export const rowsRefused: Scenario = {
  name: "rows refused",
  promise:
    "exactly the rows that the database refuses are found by bisection, and `dlq replay` stores them later",
  gaps: "none",
  seconds: { short: 25, long: 60 },
  async run(stage, form) {
    const { sql } = stage;
    const least = { short: 20, long: 200 }[form];
    await sql`alter table websocket.order_book_data add constraint wanted check (update_id % 50 <> 7) not valid`;
    await until("rows to be refused", async () => await deadLetters(stage) >= least, LIMIT_MS);
    await sql`alter table websocket.order_book_data drop constraint wanted`;
    const took = await recovery(stage, Date.now());
    const letters = await settledLetters(stage);
    await inspect(stage, letters);
    await runTask("dlq", stage.settings, "replay", book.message.topic);
    // The replay adds its marks to the topic.
    return { injected: letters, recovery: took, dead: await deadLetters(stage) };
  },
};

/** How many dead letters there are once no more come: letters of rows that were refused before the repair may still arrive. */
async function settledLetters(stage: Stage): Promise<number> {
  let before = -1;
  await until("the last dead letter", async () => {
    const now = await deadLetters(stage);
    const isSettled = now === before;
    before = now;
    await sleep(1_000);
    return isSettled;
  }, LIMIT_MS);
  return before;
}

/** Looks at the dead letters as a person would: each must be a row that was refused, and say why and where from. */
async function inspect({ settings, sql, problems }: Stage, count: number): Promise<void> {
  const list = await runTask("dlq", settings, "list");
  if (
    !new RegExp(`^${book.message.topic}: ${count} waiting, `, "m").test(list) || !list.includes('"wanted"')
  ) {
    problems.push(`dlq list does not tell of ${count} letters and their cause: ${list}`);
  }
  const letters = (await runTask("dlq", settings, "show", book.message.topic, "--limit", String(count)))
    .trim().split(
      "\n\n",
    );
  const ids = new Set<number>();
  for (const letter of letters) {
    for (
      const header of [
        /cause: .*"wanted"/,
        /source: .*order_book_data/,
        /partition: \d/,
        /offset: \d/,
        /time: \d/,
      ]
    ) {
      if (!header.test(letter)) problems.push(`a dead letter without ${header}: ${letter}`);
    }
    ids.add(Number(/"updateId":(\d+)/.exec(letter)?.[1]));
  }
  const good = [...ids].filter((id) => id % 50 !== 7);
  if (ids.size !== count || good.length > 0) {
    problems.push(`${good.length} of ${ids.size} dead letters are good rows`);
  }
  const [{ stored }] = await sql`
    select count(*)::int as stored from websocket.order_book_data where update_id = any(${[
    ...ids,
  ]}::bigint[])`;
  if (stored > 0) problems.push(`${stored} rows are dead letters and stored all the same`);
}
