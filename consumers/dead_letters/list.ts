import { deadLetterTopic } from "../../shared/kafka/mod.ts";
import { type OnProgress, openDeadLetters, type Reading } from "./dead_letters.ts";
import { causeOf } from "./letter.ts";

/** How many causes are counted separately, and how many are listed. */
const MOST_CAUSES = 1_000;
const TOLD_CAUSES = 10;

const suffix = deadLetterTopic("");

/** How many letters each topic has, by state and, for the waiting ones, by cause. `prefix` is that of the topics. */
export async function listLetters(kafka: Reading, prefix: string, onProgress: OnProgress): Promise<string> {
  const topics = (await kafka.listTopics())
    .filter((topic) => topic.startsWith(prefix) && topic.endsWith(suffix))
    .map((topic) => topic.slice(0, -suffix.length))
    .sort();
  const lines: string[] = [];
  for (const topic of topics) {
    lines.push(...await tally(kafka, topic, topic.slice(prefix.length), onProgress));
  }
  return lines.join("\n") || "There is no dead-letter topic yet.";
}

async function tally(kafka: Reading, topic: string, name: string, onProgress: OnProgress): Promise<string[]> {
  const counts = { waiting: 0, replayed: 0, dropped: 0 };
  const causes = new Map<string, number>();
  const deadLetters = await openDeadLetters(kafka, topic, onProgress);
  await deadLetters.read((letters) => {
    for (const letter of letters) {
      const state = deadLetters.marks.stateOf(letter) ?? "waiting";
      counts[state]++;
      if (state !== "waiting") continue;
      const own = causeOf(letter);
      const cause = causes.has(own) || causes.size < MOST_CAUSES ? own : "other causes";
      causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
    return Promise.resolve(false);
  });
  const line = (count: number, words: string) => `  ${String(count).padStart(8)}  ${words}`;
  const most = [...causes].sort(([, a], [, b]) => b - a).slice(0, TOLD_CAUSES);
  return [
    `${name}: ${counts.waiting} waiting, ${counts.replayed} replayed, ${counts.dropped} dropped`,
    ...most.map(([cause, count]) => line(count, cause)),
    ...[...deadLetters.marks.reasons].map(([reason, count]) => line(count, `dropped: ${reason}`)),
  ];
}
