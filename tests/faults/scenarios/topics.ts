import kafkajs from "kafkajs";
import { createClient } from "../../../shared/kafka/client.ts";
import { deadLetterTopic, topicName } from "../../../shared/kafka/mod.ts";
import { book } from "../../../shared/streams/book.ts";
import { coverage } from "../../../shared/streams/coverage.ts";
import { kline } from "../../../shared/streams/kline.ts";
import { readAll } from "../../read_all.ts";
import { silent } from "../../silent.ts";
import { until } from "../../until.ts";
import { deadLetters } from "../finish.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const FRAMES = 200;
const MESSAGES = 50;
/** Dead letters of one time. */
const DEAD = 2 * FRAMES + MESSAGES;
const BAD = "no message";

export const sideTopicsRefused: Scenario = {
  name: "side topics refused",
  promise:
    "while dead letters and coverage can't be written, or after their topic was deleted, ticks and candles go on, and each of all is written once",
  gaps: "recorded",
  seconds: { short: 20, long: 90 },
  async run(stage, form) {
    const { config, exchange, workers, kafka } = stage;
    const topic = topicName(config.kafka, book.message);
    const letters = [book, kline].map((stream) => deadLetterTopic(topicName(config.kafka, stream.message)));
    const refused = [...letters, topicName(config.kafka, coverage.message)];
    const times = { short: 1, long: 4 }[form];
    await kafka.remove(letters, []);
    for (let n = 1; n <= times; n++) {
      exchange.inject({ fault: "garbage", frames: FRAMES });
      const wanted = DEAD * (n - 1) + FRAMES;
      await until("the dead letters", async () => await countLetters(stage) === wanted, LIMIT_MS);

      await limitMessages(stage, refused, 1);
      // The garbage comes after the loss, which takes along what is on its way.
      exchange.inject({ fault: "drop" });
      await untilSubscribed(exchange, config, 1);
      exchange.inject({ fault: "garbage", frames: FRAMES });
      await until("the producer to say what it can't write", () => {
        return workers.of("book:produce")[0].lines.some((line) =>
          line.includes(`Cannot write to the topic ${letters[0]}`)
        );
      }, LIMIT_MS);
      // The stream's own topic is no worse for it.
      await recovery(stage, Date.now());

      await using producer = kafka.producer(topic);
      await producer.send(Array.from({ length: MESSAGES }, () => ({ key: "BTCUSDT", value: BAD })));
      await until("the consumer to say what it waits for", async () => {
        return JSON.stringify(await workers.of("book:consume")[0].report() ?? "").includes(
          "no offset moves before",
        );
      }, LIMIT_MS);
      await limitMessages(stage, refused);
    }
    const took = await recovery(stage, Date.now());
    return { injected: times * DEAD, recovery: took, dead: times * DEAD };
  },
  /** What was acked was not sent again: the topic holds each tick once. */
  async verify({ sql, kafka, config }) {
    const topic = topicName(config.kafka, book.message);
    const written = await readAll(kafka, topic);
    const ticks = written.filter(({ value }) => String(value) !== BAD);
    const [{ rows }] = await sql`select count(*)::int as rows from websocket.order_book_data`;
    if (ticks.length !== rows) return `${rows} ticks were written as ${ticks.length} messages`;
  },
};

/** Letters on the topics that exist by now. */
async function countLetters(stage: Stage): Promise<number | undefined> {
  return await deadLetters(stage).catch(() => undefined);
}

/** Has topics refuse every batch of more bytes; without them the broker's default holds. */
async function limitMessages({ config }: Stage, topics: readonly string[], bytes?: number): Promise<void> {
  const admin = createClient(config.kafka, silent).admin();
  await admin.connect();
  try {
    const configEntries = bytes === undefined ? [] : [{ name: "max.message.bytes", value: String(bytes) }];
    await admin.alterConfigs({
      validateOnly: false,
      resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries })),
    });
  } finally {
    await admin.disconnect();
  }
}
