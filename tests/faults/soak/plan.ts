import { createRandom } from "../../../local/exchange/market/random.ts";
import type { Form, Scenario } from "../scenario.ts";

/** A scenario to be played, with the seed of its market and its moments. */
export interface Task {
  readonly scenario: Scenario;
  readonly seed: number;
}

/**
 * What to play next: rounds of all scenarios, each in an order of its own that follows from the seed, as long as the time
 * is enough. One that would take too long is skipped; undefined when there is no time for any. `left` tells the
 * seconds that are left.
 */
export function planRounds(
  scenarios: readonly Scenario[],
  form: Form,
  seed: number,
  left: () => number,
): () => Task | undefined {
  const random = createRandom(seed);
  let round: Task[] = [];
  const shuffled = () =>
    scenarios.map((scenario) => ({ scenario, seed: random(2 ** 31) })).sort((a, b) => a.seed - b.seed);
  const fits = ({ scenario }: Task) => scenario.seconds[form] <= left();
  return () => {
    if (!round.some(fits)) round = shuffled();
    const index = round.findIndex(fits);
    return index < 0 ? undefined : round.splice(index, 1)[0];
  };
}
