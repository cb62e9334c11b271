import { coverage } from "../shared/streams/coverage.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores in PostgreSQL what the producers covered, and keeps the gap ledger. Configured by the environment: see .env.example.

Usage: deno task coverage:consume`;

await runWorker(consumerOf(coverage), help);
