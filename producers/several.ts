import { listStreams } from "../shared/list_streams.ts";
import type { ExchangeMessage, Stream } from "../shared/stream.ts";
import { runWorkers } from "../shared/worker.ts";
import { producerOf } from "./plan.ts";

const help =
  `Puts on Kafka what the exchange sends of several streams, in one process. If one of them can't be received or sent, the
others are. Configured by the environment: see .env.example.

Usage: deno task produce STREAM…     such as: deno task produce kline book trade`;

const streams = (await listStreams()).filter(({ feed }) => feed) as unknown as Stream<ExchangeMessage>[];
await runWorkers("produce", help, streams.map(producerOf));
