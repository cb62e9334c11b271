/** How far an outlet has come: messages put into it, and how many of the first of them are acked or dropped, without a hole. */
export interface Progress {
  readonly pushed: number;
  readonly settled: number;
}

/** A moment, by what each outlet had been given until then. */
export type Place = readonly number[];

/** The present moment. */
export function placeOf(outlets: readonly Progress[]): Place {
  return outlets.map(({ pushed }) => pushed);
}

/** Whether all that was given to the outlets before that moment is acked or dropped. */
export function isSettled(place: Place, outlets: readonly Progress[]): boolean {
  return outlets.every(({ settled }, n) => settled >= place[n]);
}

/** All that the exchange sent before `time` (ms) had been received by that moment. */
export interface Mark {
  readonly place: Place;
  readonly time: number;
}

/** Tells up to which exchange time everything received has left the outlets. */
export interface Frontier {
  /** All that the exchange sent before `time` (ms) has been received by now, and given to the outlets. */
  mark(time: number): void;
  /** The latest marked time whose messages are all settled, 0 before the first. It never falls. */
  reach(): number;
  /** The last mark before an outlet's push of that number, which is not settled yet, and the first mark after it, if any. */
  around(outlet: number, push: number): { readonly before: Mark; readonly after?: Mark };
}

/** Marks that are kept while nothing is settled, as where Kafka is away. Past that the newest take each other's place. */
const MOST_MARKS = 2_400;

export function createFrontier(outlets: readonly Progress[]): Frontier {
  let marks: Mark[] = [];
  let reached: Mark = { place: outlets.map(() => 0), time: 0 };
  return {
    mark(time) {
      if (time <= (marks.at(-1)?.time ?? reached.time)) return;
      if (marks.length >= MOST_MARKS) marks.pop();
      marks.push({ place: placeOf(outlets), time });
    },
    reach() {
      const waiting = marks.findIndex(({ place }) => !isSettled(place, outlets));
      const settled = waiting < 0 ? marks.length : waiting;
      if (settled > 0) {
        reached = marks[settled - 1];
        marks = marks.slice(settled);
      }
      return reached.time;
    },
    around(outlet, push) {
      const next = marks.findIndex(({ place }) => place[outlet] > push);
      const earlier = next < 0 ? marks : marks.slice(0, next);
      return { before: earlier.at(-1) ?? reached, after: marks[next] };
    },
  };
}
