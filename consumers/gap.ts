import { gap } from "../shared/streams/gap.ts";
import { runWorker } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores in PostgreSQL the gaps that producers of the first version told. Configured by the environment: see .env.example.

Usage: deno task gap:consume`;

await runWorker(consumerOf(gap), help);
