import { kline } from "../shared/streams/kline.ts";
import { runWorker } from "../shared/worker.ts";
import { producerOf } from "./plan.ts";

const help = `Puts the exchange's candles on Kafka. Configured by the environment: see .env.example.

Usage: deno task kline:produce`;

await runWorker(producerOf(kline), help);
