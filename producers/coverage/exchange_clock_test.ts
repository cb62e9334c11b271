import assert from "node:assert/strict";
import { startExchange } from "../../local/exchange/server.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { createLog } from "../../shared/log.ts";
import { createExchangeClock } from "./exchange_clock.ts";

Deno.test("the exchange's time is not known before it has answered, and then to whole ms", async () => {
  const feed = { kind: "simulated", symbols: ["BTCUSDT"], intervals: [], rate: 1, seed: 1 } as const;
  await using exchange = await startExchange({ feed, paused: true });
  const log = createLog("test", "error", () => {});
  const clock = createExchangeClock(`${exchange.url}/fapi/v1/time`, createRequestPause(), log);
  assert.deepEqual([clock.earliest(), clock.latest()], [-Infinity, Infinity]);
  const stop = new AbortController();
  const running = clock.run(stop.signal);
  await clock.known(stop.signal);
  const [earliest, latest] = [clock.earliest(), clock.latest()];
  // The simulated exchange has this machine's clock.
  assert.ok(earliest <= Date.now() && Date.now() - 1_000 < latest, `${earliest} … ${latest}`);
  assert.ok(Number.isInteger(earliest) && Number.isInteger(latest), `${earliest} … ${latest}`);
  stop.abort();
  await running;
});
