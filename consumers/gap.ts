import { gap } from "../shared/streams/gap.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores the gaps that the producers record in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task gap:consume`;

await runWorker(consumerOf(gap), help);
