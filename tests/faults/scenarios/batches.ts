import { join } from "node:path";
import { topicName } from "../../../shared/kafka/mod.ts";
import { book } from "../../../shared/streams/book.ts";
import { produceAsOthers, type Step } from "../../foreign.ts";
import { sampleOf } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { recovery, type Stage } from "../stage.ts";

const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
/** Messages of one batch. */
const SIZE = 10;

/** A message that a consumer stores, and that the exchange did not send. */
function goodRow(symbol: string, updateId: number): string {
  const now = Date.now();
  return book.message.codec.encode({
    ...sampleOf(book),
    symbol,
    updateId,
    transactionTime: now,
    eventTime: now,
  });
}

export const transactionsInterleaved: Scenario = {
  name: "others' transactions",
  promise:
    "of other producers' interleaved transactions, with all codecs, the aborted ones are never stored, and the committed ones are",
  gaps: "none",
  seconds: { short: 40, long: 90 },
  async run(stage, form) {
    const { config } = stage;
    const rounds = { short: 2, long: 20 }[form];
    const steps = Array.from({ length: rounds }, () => interleaved(stage)).flat();
    await produceAsOthers(config.kafka.brokers, topicName(config.kafka, book.message), steps);
    const injected = steps.reduce((sum, step) => sum + ("values" in step ? step.values.length : 0), 0);
    // Of three producers one commits, and what it sends can't be decoded.
    return { injected, recovery: await recovery(stage, Date.now()), dead: injected / 3 };
  },
};

/** Three producers send batches of one partition by turns, in every codec. Two abort, in the other order than they began. */
function interleaved({ config, random }: Stage): Step[] {
  const key = config.symbols[random(config.symbols.length)];
  // Good rows that the exchange did not send: if they are stored, they count as wrong.
  const good = () => goodRow(key, 1 + random(2 ** 31));
  const bad = () => "no message";
  const send =
    (producer: string, make: () => string) => (codec: Extract<Step, { key: string }>["codec"]): Step => ({
      producer,
      key,
      codec,
      values: Array.from({ length: SIZE }, make),
    });
  const turns = [send("first", good), send("second", good), send("third", bad)];
  return [
    ...codecs.flatMap((codec) => turns.map((turn) => turn(codec))),
    { producer: "second", end: "abort" },
    { producer: "third", end: "commit" },
    { producer: "first", end: "abort" },
  ];
}

export const batchesDamaged: Scenario = {
  name: "batches damaged on disk",
  promise:
    "batches with a flipped bit on the broker's disk go to the dead-letter topic as bytes, and the batches beside them are stored",
  gaps: "none",
  seconds: { short: 30, long: 60 },
  async run(stage, form) {
    const { config, kafka, workers, random, servers } = stage;
    const count = { short: 10, long: 100 }[form];
    const topic = topicName(config.kafka, book.message);
    const [consumer] = workers.of("book:consume");
    await workers.end(consumer, "SIGKILL");
    await using producer = kafka.producer(topic);
    const marks = Array.from({ length: count }, () => 1e12 + random(2 ** 31) * 256 + random(256));
    for (const updateId of marks) {
      const symbol = config.symbols[random(config.symbols.length)];
      const value = goodRow(symbol, updateId);
      await producer.send(Array.from({ length: SIZE }, () => ({ key: symbol, value })));
    }
    const injected = await flipDigits(join(servers.kafkaFolder, "data"), topic, marks.map(String));
    workers.start("book:consume");
    return { injected, recovery: await recovery(stage, Date.now()), dead: count };
  },
};

/** Flips a bit of the last digit of each mark's first place in the topic's files; returns of how many. */
async function flipDigits(folder: string, topic: string, marks: readonly string[]): Promise<number> {
  let flipped = 0;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(`${topic}-`)) continue;
    const path = join(folder, name, "00000000000000000000.log");
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    using file = await Deno.open(path, { write: true });
    for (const mark of marks) {
      const at = text.indexOf(mark);
      if (at < 0) continue;
      const place = at + mark.length - 1;
      await file.seek(place, Deno.SeekMode.Start);
      await file.write(new Uint8Array([text.charCodeAt(place) ^ 1]));
      flipped++;
    }
  }
  return flipped;
}
