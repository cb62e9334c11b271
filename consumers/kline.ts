import { kline } from "../shared/streams/kline.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores the candles that Kafka holds in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task kline:consume`;

await runWorker(consumerOf(kline), help);
