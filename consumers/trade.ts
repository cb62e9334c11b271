import { trade } from "../shared/streams/trade.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores the aggregated trades that Kafka holds in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task trade:consume`;

await runWorker(consumerOf(trade), help);
