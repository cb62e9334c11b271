import { copyParts } from "../consumers/postgres/copy.ts";
import { createEncoder } from "../consumers/postgres/encoder.ts";
import { encodeParts } from "../consumers/postgres/parts.ts";
import { statementsOf } from "../consumers/postgres/statements.ts";
import type { Config } from "../shared/config/config.ts";
import type { Market } from "../shared/exchange/markets/mod.ts";
import { createRequestPause } from "../shared/exchange/request_pause.ts";
import { createRestClient, type RestClient } from "../shared/exchange/rest.ts";
import type { Log } from "../shared/log.ts";
import { ownSettings } from "../shared/postgres/transaction.ts";
import type { Stream, StreamMessage } from "../shared/stream.ts";
import { attempt } from "./attempts.ts";
import type { Target } from "./target.ts";

/** Where candles are asked for, and stored. */
export interface Source {
  readonly target: Target;
  readonly client: RestClient;
  readonly market: Market;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Of the weight that our requests may use, what is left for the workers: they must know whether feeds are quiet. */
const KEPT_SHARE = 0.2;

/** The exchange's REST API, within the weight that all programs of this address may use. */
export function openSource(
  config: Config<"exchange">,
  target: Target,
  log: Log,
  signal: AbortSignal,
): Source {
  const { market, binanceRestUrl: url, weightPerMinute } = config;
  const client = createRestClient({
    ...{ url, requestPause: createRequestPause(weightPerMinute), log },
    keep: Math.floor(weightPerMinute * KEPT_SHARE),
  });
  return { target, client, market, log, signal };
}

/** Stores what REST gave, again while the database is away. */
export async function storeGiven(
  { target: { sql, schema }, log, signal }: Source,
  stream: Stream,
  messages: readonly StreamMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  const store = async () => {
    const batches = async function* () {
      yield await Promise.resolve([...messages]);
    };
    const parts = encodeParts(batches(), createEncoder<StreamMessage>(stream.storage));
    await copyParts(sql, ownSettings + statementsOf(stream, schema).upsert, parts);
  };
  await attempt(store, log, signal);
}
