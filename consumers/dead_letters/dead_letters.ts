import { beginningsOf, deadLetterTopic, endsOf, type Incoming, type Kafka } from "../../shared/kafka/mod.ts";
import { type Letter, readLetter } from "./letter.ts";
import { createMarks, isMark, type Marks } from "./marks.ts";

/** The dead letters of a topic as they were when it was opened. */
export interface DeadLetters {
  readonly marks: Marks;
  /** Passes all letters to `take`, a few at a time, the oldest of each partition first; ends early when `take` returns true. */
  read(take: (letters: readonly Letter[]) => Promise<boolean>): Promise<void>;
}

/** The part of the Kafka port that is needed. */
export type Reading = Pick<Kafka, "listTopics" | "extentOf" | "follow">;

/** Never aborted: a command runs until it is done, or its user ends it. */
const { signal } = new AbortController();

/** Is called with how much of how much has been read, in words. */
export type OnProgress = (words: string) => void;

/**
 * Opens the dead letters of a topic and reads what was done about them. Of each letter it keeps only bits in memory.
 * @throws {Error} if the topic has no dead-letter topic
 */
export async function openDeadLetters(
  kafka: Reading,
  topic: string,
  onProgress: OnProgress,
): Promise<DeadLetters> {
  const name = deadLetterTopic(topic);
  if (!(await kafka.listTopics()).includes(name)) {
    throw new Error(`Cannot find the topic ${name}: deno task dlq list names those that there are`);
  }
  const extent = await kafka.extentOf(name);
  const total = extent.reduce((sum, { low, high }) => sum + high - low, 0);

  const readAll = async (
    pass: number,
    take: (partition: number, records: readonly Incoming[]) => Promise<boolean>,
  ) => {
    let read = 0;
    for await (
      const { partition, messages } of kafka.follow(name, beginningsOf(extent), signal, endsOf(extent))
    ) {
      read += messages.length;
      onProgress(`${name}, pass ${pass} of 2: ${read} of ${total} records read`);
      if (await take(partition, messages)) return;
    }
  };

  const marks = createMarks(extent);
  await readAll(1, (_, records) => {
    for (const record of records) if (isMark(record)) marks.read(record);
    return Promise.resolve(false);
  });
  return {
    marks,
    read: (take) =>
      readAll(
        2,
        (partition, records) =>
          take(records.filter((one) => !isMark(one)).map((one) => readLetter(partition, one))),
      ),
  };
}
