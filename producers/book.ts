import { book } from "../shared/streams/book.ts";
import { runWorker } from "../shared/worker.ts";
import { producerOf } from "./plan.ts";

const help =
  `Puts the exchange's best bids and asks on Kafka. Configured by the environment: see .env.example.

Usage: deno task book:produce`;

await runWorker(producerOf(book), help);
