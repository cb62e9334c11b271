import { book } from "../shared/streams/book.ts";
import { runWorker } from "../shared/worker.ts";
import { consume } from "./consume.ts";
import { createSink } from "./postgres/sink.ts";

const help =
  `Stores the best bids and asks that Kafka holds in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task book:consume`;

await runWorker(
  "book:consume",
  help,
  (worker) => consume(book.message, () => createSink(book, worker.config.database, worker.log), worker),
);
