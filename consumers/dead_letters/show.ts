import { type OnProgress, openDeadLetters, type Reading } from "./dead_letters.ts";
import { describeLetter, type Filter, matches } from "./letter.ts";

/** The newest `limit` letters of a topic that the filter chooses, the oldest of them first. */
export async function showLetters(
  kafka: Reading,
  topic: string,
  filter: Filter,
  limit: number,
  onProgress: OnProgress,
): Promise<string> {
  const deadLetters = await openDeadLetters(kafka, topic, onProgress);
  let newest: { time: string; text: string }[] = [];
  const cut = () => {
    newest.sort((a, b) => a.time < b.time ? -1 : 1);
    newest = newest.slice(-limit);
  };
  await deadLetters.read((letters) => {
    for (const letter of letters) {
      if (!matches(letter, filter)) continue;
      newest.push({
        time: letter.headers.time ?? "",
        text: describeLetter(letter, deadLetters.marks.stateOf(letter)),
      });
      if (newest.length >= 2 * limit) cut();
    }
    return Promise.resolve(false);
  });
  cut();
  return newest.map(({ text }) => text).join("\n\n") || "There are none.";
}
