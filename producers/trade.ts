import { trade } from "../shared/streams/trade.ts";
import { runWorker } from "../shared/worker.ts";
import { producerOf } from "./plan.ts";

const help = `Puts the exchange's aggregated trades on Kafka. Configured by the environment: see .env.example.

Usage: deno task trade:produce`;

await runWorker(producerOf(trade), help);
