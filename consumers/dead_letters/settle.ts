import type { Config } from "../../shared/config/config.ts";
import { deadLetterTopic, type Kafka, type Outgoing } from "../../shared/kafka/mod.ts";
import type { Log } from "../../shared/log.ts";
import { createOutlet, type Outlet } from "../../shared/outlet/outlet.ts";
import { produce, type Source } from "../../shared/outlet/produce.ts";
import { type OnProgress, openDeadLetters, type Reading } from "./dead_letters.ts";
import { type Filter, type Letter, matches, placeOf } from "./letter.ts";
import { markOf, type State } from "./marks.ts";

/** How many letters are settled at a time: after a kill at most this many are sent again. */
const AT_ONCE = 500;
/** Bytes of an outlet's buffer: more than twice what is sent at a time, unless letters are large. */
const BUFFER_BYTES = 64 * 2 ** 20;
/** How long Kafka may take to ack what is sent at a time, in ms. */
const ACK_MS = 60_000;
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

/** What it needs of Kafka, and where its trouble is logged. */
export interface Port {
  readonly kafka: Reading & Pick<Kafka, "ensureTopics" | "producer">;
  readonly config: Config["kafka"];
  readonly log: Log;
}

/**
 * Settles the chosen letters that wait. A letter is marked after Kafka has what it became. If the process is killed in between, the
 * letter is sent again, which gives the same row.
 * @throws {Error} if Kafka does not take what is sent within a minute, or refuses it until a person acts
 */
export async function settle(
  { kafka, config, log }: Port,
  topic: string,
  action: Action,
  { filter, limit, again, isDryRun }: Choice,
  onProgress: OnProgress,
): Promise<Settled> {
  const deadLetters = await openDeadLetters(kafka, topic, onProgress);
  const giveUp = new AbortController();
  const common = { kafka, config, log, limit: BUFFER_BYTES, signal: giveUp.signal };
  const toTopic = createOutlet({ ...common, topic, kind: "kafka" });
  const toLetters = createOutlet({ ...common, topic: deadLetterTopic(topic), kind: "dead letters" });
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
  const finish = async (letters: readonly Letter[], messages: readonly Outgoing[], signal: AbortSignal) => {
    done += letters.length;
    if (letters.length === 0 || isDryRun) return;
    await send(toTopic, messages, signal);
    await send(toLetters, [markOf(action.state, letters, action.reason)], signal);
  };
  const take = async (some: readonly Letter[], signal: AbortSignal) => {
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
    await finish(letters, messages, signal);
  };

  const source: Source = (signal) =>
    deadLetters.read(async (letters) => {
      const due = letters.filter(isDue);
      for (let i = 0; i < due.length; i += AT_ONCE) await take(due.slice(i, i + AT_ONCE), signal);
      return done === limit;
    });
  try {
    const outlets = action.state === "replayed" ? [toTopic, toLetters] : [toLetters];
    await produce(source, isDryRun ? [] : outlets, giveUp.signal);
  } finally {
    giveUp.abort();
  }
  return { done, refused };
}

/** Returns once Kafka has acked the messages. */
async function send(outlet: Outlet, messages: readonly Outgoing[], signal: AbortSignal): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(ACK_MS)]);
  for (const message of messages) {
    await outlet.room(enough);
    outlet.push(message);
  }
  await outlet.flush(enough);
}
