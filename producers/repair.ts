import { listStreams } from "../shared/list_streams.ts";
import type { ExchangeMessage, Stream } from "../shared/stream.ts";
import { runWorker } from "../shared/worker.ts";
import { repair, repairSlices } from "./repair/repair.ts";

const help =
  `Fetches from the exchange's REST API what gaps of the ledger lack, and puts it on the topics of its streams. Configured
by the environment: see .env.example.

Usage: deno task repair`;

const streams = (await listStreams()).filter(({ feed }) => feed?.refill) as unknown as Stream<
  ExchangeMessage
>[];
await runWorker({ name: "repair", slices: repairSlices, run: (worker) => repair(streams, worker) }, help);
