import { deadLetterTopic, type Kafka, type Outgoing } from "../../shared/kafka/mod.ts";
import { type OnProgress, openDeadLetters, type Reading } from "./dead_letters.ts";
import { type Filter, type Letter, matches, placeOf } from "./letter.ts";
import { markOf, type State } from "./marks.ts";

/** How many letters are settled at a time: after a kill at most this many are sent again. */
const AT_ONCE = 500;
/** How many places of refused letters are listed for each reason. */
const TOLD_PLACES = 5;

/** What to do with letters. */
export interface Action {
  /** The state of the letters afterwards. */
  readonly state: State;
  /** Why, in the user's words. */
  readonly reason?: string;
  /** What the letter becomes on its own topic: none, one or several messages. @throws {Error} if it can't be sent, with the reason */
  toMessages(letter: Letter): readonly Outgoing[];
}

/** Which letters are settled. */
export interface Choice {
  readonly filter: Filter;
  /** At most this many. */
  readonly limit: number;
  /** Also those that were replayed before. */
  readonly again: boolean;
  /** Nothing is sent or marked. */
  readonly isDryRun: boolean;
}

/** The result. */
export interface Settled {
  readonly done: number;
  /** Letters that are left as they are: how many for each reason, and the places of some. */
  readonly refused: ReadonlyMap<string, { count: number; places: string[] }>;
}

/**
 * Settles the chosen letters that wait. A letter is marked after Kafka has what it became. If the process is killed in between, the
 * letter is sent again, which gives the same row.
 */
export async function settle(
  kafka: Reading & Pick<Kafka, "producer">,
  topic: string,
  action: Action,
  { filter, limit, again, isDryRun }: Choice,
  onProgress: OnProgress,
): Promise<Settled> {
  const deadLetters = await openDeadLetters(kafka, topic, onProgress);
  await using toTopic = kafka.producer(topic);
  await using toLetters = kafka.producer(deadLetterTopic(topic));
  const refused = new Map<string, { count: number; places: string[] }>();
  let done = 0;

  const isDue = (letter: Letter) => {
    const state = deadLetters.marks.stateOf(letter);
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
        messages.push(...action.toMessages(letter));
        letters.push(letter);
      } catch (error) {
        refuse(letter, (error as Error).message);
      }
    }
    await finish(letters, messages);
  };

  await deadLetters.read(async (letters) => {
    const due = letters.filter(isDue);
    for (let i = 0; i < due.length; i += AT_ONCE) await take(due.slice(i, i + AT_ONCE));
    return done === limit;
  });
  return { done, refused };
}
