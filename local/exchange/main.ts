import { describe } from "../../shared/log.ts";
import type { Feed } from "./feed.ts";
import { help, readOptions } from "./options.ts";
import { startExchange } from "./server.ts";

const origin = (feed: Feed) =>
  feed.kind === "replayed" ? `REPLAYED from ${feed.file}` : `SIMULATED, seed ${feed.seed}: no real market`;

async function main(): Promise<void> {
  const options = await readOptions(Deno.args);
  if (options === "help") return console.log(help);
  const stopped = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stopped.resolve);
  await using exchange = await startExchange(options);
  console.log(`exchange listening on ${exchange.url} ${origin(options.feed)}`);
  // A feed that fails ends the process; one that is over does not, so that its clients can go on asking.
  await Promise.race([stopped.promise, exchange.finished.then(() => stopped.promise)]);
}

try {
  await main();
  Deno.exit(); // signal listeners would keep the process
} catch (error) {
  console.error(describe(error));
  Deno.exit(1);
}
