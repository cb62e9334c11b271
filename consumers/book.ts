import { book } from "../shared/streams/book.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores the best bids and asks that Kafka holds in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task book:consume`;

await runWorker(consumerOf(book), help);
