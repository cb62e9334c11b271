import { requireOwnDatabase, requireOwnTopics } from "../../shared/config/own_names.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { createRestClient } from "../../shared/exchange/rest.ts";
import { openKafka, topicName } from "../../shared/kafka/mod.ts";
import { createOutlet, type Outlet } from "../../shared/outlet/outlet.ts";
import { produce } from "../../shared/outlet/produce.ts";
import { rowsOf } from "../../shared/outlet/rows.ts";
import { workOf } from "../../shared/outlet/work.ts";
import { watchForStall } from "../../shared/stall.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import type { Worker } from "../../shared/worker.ts";
import { openLedger } from "./ledger.ts";
import { createReach } from "./reach.ts";
import { asksOf } from "./refill.ts";
import { createTooOld } from "./too_old.ts";

/** What the worker uses of the configuration. */
export const repairSlices = ["kafka", "database", "exchange"] as const;
export type RepairSlice = (typeof repairSlices)[number];

/** The part of the weight that is left for the looks of producers: a silent feed that nobody can confirm counts as a gap. */
const KEPT_SHARE = 0.1;
/** How many ranges are read at a time: a gap that is newer comes before those that are left. */
const MOST = 20;
/** After so many ms gaps that came meanwhile are looked at. */
const ROUND_MS = 60_000;
/** How often the ledger is looked at while there is nothing to ask for, and the lease renewed. In ms. */
const EVERY_MS = 2_000;
const RENEW_MS = 4_000;
/** Of an outlet, in bytes: a page of rows is a quarter of it at most. */
const BUFFER_BYTES = 2 ** 22;

/**
 * Fetches what gaps lack from the exchange's REST API and puts it on the topics of its streams, the newest gaps first, until the worker
 * is told to stop. Gaps of which all is stored, or which the exchange has nothing of, are settled by the database. While there are no such
 * gaps it compares what is stored with the exchange's, hour by hour, and what differs is replaced.
 * @throws {ConfigError} where another host's messages would be mixed with the exchange's
 * @throws {SchemaError} if the schema is older than what is needed
 */
export async function repair(
  streams: readonly Stream<ExchangeMessage>[],
  { config, log, signal, deadline, telemetry }: Worker<RepairSlice>,
): Promise<void> {
  requireOwnTopics(config);
  requireOwnDatabase(config);
  const requestPause = createRequestPause(config.weightPerMinute);
  const client = createRestClient({
    ...{ url: config.binanceRestUrl, requestPause, log },
    keep: Math.floor(config.weightPerMinute * KEPT_SHARE),
  });
  const kafka = openKafka(config.kafka, log);
  const outlets = new Map<string, Outlet>(streams.map(({ message }) => [
    message.name,
    createOutlet({
      ...{ topic: topicName(config.kafka, message), limit: BUFFER_BYTES, rows: rowsOf(message), kafka },
      ...{ config: config.kafka, signal: deadline, log, kind: "kafka" },
    }),
  ]));
  const all = [...outlets.values()];
  const settled: Record<string, number> = {};
  let received = 0;
  let compared = 0;
  let replaced = 0;
  let unrepaired = 0;
  let isHeld = false;
  let trouble = () => undefined as string | undefined;

  telemetry.observe(() => {
    const down = all.flatMap(({ trouble }) => trouble ?? [])[0];
    return {
      counts: {
        ...{ requests: client.requests, weight: requestPause.used, received },
        produced: all.reduce((sum, { counts }) => sum + counts.acked, 0),
        buffered: all.reduce((sum, { length }) => sum + length, 0),
        ...{ repaired: settled.repaired ?? 0, absent: settled.absent ?? 0, unrepaired, compared, replaced },
      },
      waiting: trouble() ?? down?.words ?? client.trouble?.words,
      stuck: down?.isLasting ? down.words : client.trouble?.isLasting ? client.trouble.words : undefined,
    };
  });

  const source = async (signal: AbortSignal) => {
    const name = `${Deno.hostname()} ${crypto.randomUUID()}`;
    await using ledger = await openLedger(config.database, name, log, signal);
    trouble = () => ledger.trouble;
    const noteTooOld = createTooOld(log);
    const ended = new AbortController();
    const hasReach = createReach(client, requestPause);
    const renew = async () => {
      for (; !ended.signal.aborted; await sleep(RENEW_MS, ended.signal)) {
        const isLeft = !hasReach();
        if (isLeft && isHeld) await ledger.release();
        isHeld = !isLeft && await ledger.claim(ended.signal);
      }
    };
    const ask = asksOf({ streams, outlets, client, ledger, market: config.market, log });
    const audit = async () => {
      for (const range of await ledger.nextAudits(MOST, ask.putOff(), signal)) {
        if (signal.aborted || !isHeld) return;
        const outcome = await ask.audit(range, signal);
        compared += outcome?.given ?? 0;
        if (!outcome || outcome.sent === 0) continue;
        replaced += outcome.sent;
        log.warn("the exchange's REST API says otherwise of closed candles: its version replaces ours", {
          ...{ feed: range.feed, since: new Date(range.startsAt).toISOString(), candles: outcome.sent },
        });
      }
    };
    const work = async () => {
      while (!signal.aborted) {
        if (!isHeld) {
          await sleep(EVERY_MS / 4, signal);
          continue;
        }
        const next = await ledger.next(MOST, ask.putOff(), signal);
        unrepaired = next.unrepaired;
        for (const [state, count] of Object.entries(next.settled)) {
          settled[state] = (settled[state] ?? 0) + count;
        }
        if (Object.keys(next.settled).length > 0) {
          log.info("gaps are settled", { ...next.settled, unrepaired });
        }
        noteTooOld(next.tooOld);
        let asked = 0;
        const startedAt = performance.now();
        for (const range of next.missing) {
          if (signal.aborted || !isHeld || performance.now() > startedAt + ROUND_MS) break;
          const outcome = await ask.repair(range, signal);
          if (outcome) asked++;
          received += outcome?.given ?? 0;
        }
        if (asked > 0) continue;
        await audit();
        await sleep(EVERY_MS, signal);
      }
    };
    try {
      await Promise.all([renew(), work().finally(() => ended.abort())]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await ledger.release();
    }
  };

  const watches = all.map((outlet) => watchForStall(workOf(outlet, config.kafka, log), signal, log));
  await Promise.all([produce(source, all, signal), ...watches]);
}
