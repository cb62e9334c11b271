import { silent } from "./silent.ts";
import { readConfig } from "../shared/config/config.ts";
import { groupName, openKafka } from "../shared/kafka/mod.ts";
import { sleep } from "../shared/wait.ts";
import { createCommitter } from "../consumers/committer.ts";
import { until } from "./until.ts";

/** Messages that are sent and read without end, and committed as a consumer commits them. */
export interface Traffic extends AsyncDisposable {
  readonly topic: string;
  readonly group: string;
  /** The partitions of which messages have been committed, each with the time of the first, in ms of `performance.now()`. */
  readonly partitions: ReadonlyMap<number, number>;
  /** The longest time without a commit since this was last asked, in ms. */
  longestPause(): number;
  /** Waits until a message is committed that is sent from now on. */
  untilCommitted(): Promise<void>;
  /**
   * Sends no more, waits until all is committed and followed, and returns how many messages never came, and how many came again after
   * they had been committed, or to the reader without a group.
   */
  finish(): Promise<{ lost: number; twice: number }>;
}

const PAUSE_MS = 5;
const KEYS = 50;

/** Starts it on a topic of that name; it ends when it is disposed of. */
export async function openTraffic(bootstrap: string, name: string): Promise<Traffic> {
  const { kafka: config } = readConfig({ BOOTSTRAP_SERVER: bootstrap });
  const kafka = openKafka(config, silent);
  const group = groupName(config, { name });
  await using parts = new AsyncDisposableStack();
  await kafka.ensureTopics([name]);
  const producer = parts.use(kafka.producer(name));

  const stop = new AbortController();
  const acked = new Set<number>();
  /** Of each partition: all before this offset is committed. */
  const ends = new Map<number, number>();
  const read = new Set<number>();
  let newest = -1;
  const partitions = new Map<number, number>();
  let [twice, longest, last] = [0, 0, performance.now()];
  const { promise: lost, reject: fail } = Promise.withResolvers<never>();
  lost.catch(() => {});

  /** Reads and commits until the consumer fails, or no more is wanted. */
  const readOn = async () => {
    let generation = 0;
    await using consumer = await kafka.subscribe({
      topic: name,
      group,
      onJoin: () => void generation++,
      onLost: ({ from, to }) => fail(new Error(`messages ${from} to ${to} are gone`)),
      onBatch({ partition, messages, nextOffset }) {
        const numbers = messages.map(({ value }) => Number(new TextDecoder().decode(value!)));
        for (const number of numbers) read.add(number);
        twice += messages.filter(({ offset }) => Number(offset) < (ends.get(partition) ?? 0)).length;
        committer.add([{ topic: name, partition, offset: nextOffset }], messages.length, () => {
          newest = Math.max(newest, ...numbers);
          ends.set(partition, Math.max(ends.get(partition) ?? 0, Number(nextOffset)));
          if (!partitions.has(partition)) partitions.set(partition, performance.now());
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
        });
        return Promise.resolve();
      },
    });
    await using committer = createCommitter(consumer, () => generation, silent);
    await Promise.race([consumer.failed, stopped]);
  };
  const done = new AbortController();
  const stopped = new Promise<void>((resolve) => done.signal.addEventListener("abort", () => resolve()));
  // As a worker does: one that fails is followed by another.
  const reading = (async () => {
    while (!done.signal.aborted) await readOn().catch(() => sleep(250, done.signal));
  })();
  const followed = new Set<number>();
  /** Of each partition: what the reader without a group has read is before this offset. */
  const places = new Map<number, number>();
  const following = (async () => {
    for await (const { partition, messages } of kafka.follow(name, "beginning", done.signal)) {
      for (const { value, offset } of messages) {
        followed.add(Number(new TextDecoder().decode(value!)));
        if (Number(offset) < (places.get(partition) ?? 0)) twice++;
        places.set(partition, Number(offset) + 1);
      }
    }
  })().catch(() => {});
  parts.defer(async () => {
    done.abort();
    await Promise.all([reading, following]);
  });

  let next = 0;
  const sending = (async () => {
    for (; !stop.signal.aborted; await sleep(PAUSE_MS, stop.signal)) {
      const number = next++;
      const message = { key: `key ${number % KEYS}`, value: String(number) };
      for (let sent = false; !sent && !stop.signal.aborted;) {
        sent = await producer.send([message]).then(() => true, () => false);
        if (sent) acked.add(number);
        else await sleep(100, stop.signal);
      }
    }
  })();
  parts.defer(() => {
    stop.abort();
    return sending;
  });
  const wait = (what: string, condition: () => boolean | Promise<boolean>) =>
    Promise.race([until(what, condition), lost]);
  const kept = parts.move();
  return {
    topic: name,
    group,
    partitions,
    longestPause() {
      const result = Math.max(longest, performance.now() - last);
      longest = 0;
      return result;
    },
    async untilCommitted() {
      const number = next;
      await wait("a new message to be committed", () => newest > number);
    },
    async finish() {
      stop.abort();
      await sending;
      await wait("all to be committed", async () => await kafka.messagesBehind(group, name) === 0);
      await wait("all to be followed", () => acked.isSubsetOf(followed));
      return { lost: acked.difference(read).size, twice };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
