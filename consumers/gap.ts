import { gap } from "../shared/streams/gap.ts";
import { runWorker } from "../shared/worker.ts";
import { consume } from "./consume.ts";
import { createSink } from "./postgres/sink.ts";

const help =
  `Stores the gaps that the producers tell of in PostgreSQL. Configured by the environment: see .env.example.

Usage: deno task gap:consume`;

await runWorker(
  "gap:consume",
  help,
  (worker) => consume(gap.message, () => createSink(gap, worker.config.database, worker.log), worker),
);
