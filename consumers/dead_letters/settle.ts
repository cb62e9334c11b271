import { deadLetterTopic, type Kafka, type Outgoing } from "../../shared/kafka/mod.ts";
import { type OnProgress, openBox, type Reading } from "./box.ts";
import { type Filter, type Letter, matches, placeOf } from "./letter.ts";
import { markOf, type State } from "./marks.ts";

/** Letters that are done at once: after a kill so many are done again at most. */
const AT_ONCE = 500;
/** Places of refused letters that are told, of each reason. */
const TOLD_PLACES = 5;

/** Something that is done about letters. */
export interface Action {
  /** What the letters are from then on. */
  readonly state: State;
  /** Why, in the words of who runs it. */
  readonly reason?: string;
  /** What the letter becomes on its own topic; undefined where nothing is sent. @throws {Error} saying why it can't be */
  toMessage(letter: Letter): Outgoing | undefined;
}

/** Which letters it is done about. */
export interface Choice {
  readonly filter: Filter;
  /** So many at most. */
  readonly limit: number;
  /** Those that were replayed before, too. */
  readonly again: boolean;
  /** Nothing is sent or marked. */
  readonly isDryRun: boolean;
}

/** What became of it. */
export interface Settled {
  readonly done: number;
  /** Letters that are left as they are: how many for each reason, and the places of some. */
  readonly refused: ReadonlyMap<string, { count: number; places: string[] }>;
}

/**
 * Does something about the letters that are chosen and of which nothing has been done yet. Each is marked once Kafka has what it
 * became, so that who is killed in between does it again: the same rows once more.
 */
export async function settle(
  kafka: Reading & Pick<Kafka, "producer">,
  topic: string,
  action: Action,
  { filter, limit, again, isDryRun }: Choice,
  onProgress: OnProgress,
): Promise<Settled> {
  const box = await openBox(kafka, topic, onProgress);
  await using toTopic = kafka.producer(topic);
  await using toLetters = kafka.producer(deadLetterTopic(topic));
  const refused = new Map<string, { count: number; places: string[] }>();
  let done = 0;

  const isDue = (letter: Letter) => {
    const state = box.marks.stateOf(letter);
    return (state === undefined || (again && state === "replayed")) && matches(letter, filter);
  };
  const refuse = (letter: Letter, why: string) => {
    const entry = refused.get(why) ?? { count: 0, places: [] };
    entry.count++;
    if (entry.places.length < TOLD_PLACES) entry.places.push(placeOf(letter));
    refused.set(why, entry);
  };
  const finish = async (letters: readonly Letter[], messages: readonly Outgoing[]) => {
    done += letters.length;
    if (letters.length === 0 || isDryRun) return;
    if (messages.length > 0) await toTopic.send(messages);
    await toLetters.send([markOf(action.state, letters, action.reason)]);
  };
  const take = async (some: readonly Letter[]) => {
    const letters: Letter[] = [];
    const messages: Outgoing[] = [];
    for (const letter of some) {
      if (done + letters.length === limit) break;
      try {
        const message = action.toMessage(letter);
        letters.push(letter);
        if (message) messages.push(message);
      } catch (error) {
        refuse(letter, (error as Error).message);
      }
    }
    await finish(letters, messages);
  };

  await box.read(async (letters) => {
    const due = letters.filter(isDue);
    for (let i = 0; i < due.length; i += AT_ONCE) await take(due.slice(i, i + AT_ONCE));
    return done === limit;
  });
  return { done, refused };
}
