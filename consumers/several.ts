import { listStreams } from "../shared/list_streams.ts";
import { runWorkers } from "../shared/worker.ts";
import { consumerOf } from "./plan.ts";

const help =
  `Stores the messages of several streams in PostgreSQL, in one process. If one of them can't be stored, the others are.
Configured by the environment: see .env.example.

Usage: deno task consume STREAM…     such as: deno task consume kline book trade coverage worker`;

await runWorkers("consume", help, (await listStreams()).map(consumerOf));
