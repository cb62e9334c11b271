import { worker } from "../shared/streams/worker.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores in PostgreSQL what the workers say of themselves. Configured by the environment: see .env.example.

Usage: deno task worker:consume`;

await runWorker(consumerOf(worker), help);
