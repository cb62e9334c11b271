import { kline } from "../shared/streams/kline.ts";
import { runWorker } from "../shared/worker.ts";
import { consume } from "./consume.ts";
import { createSink } from "./postgres/sink.ts";

const help =
  `Stores the candles that Kafka holds in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task kline:consume`;

await runWorker(
  "kline:consume",
  help,
  (worker) => consume(kline.message, () => createSink(kline, worker.config.database, worker.log), worker),
);
