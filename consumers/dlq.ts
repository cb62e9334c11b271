import { ConfigError, readConfig, variablesOf } from "../shared/config/config.ts";
import { checkEnvFile } from "../shared/config/env_file.ts";
import { requireDeno } from "../shared/deno_version.ts";
import { kafkaFault, openKafka } from "../shared/kafka/mod.ts";
import { listStreams } from "../shared/list_streams.ts";
import { createLog, describe } from "../shared/log.ts";
import type { OnProgress } from "./dead_letters/dead_letters.ts";
import { listLetters } from "./dead_letters/list.ts";
import { help, readRequest, type Request } from "./dead_letters/options.ts";
import { replayOf } from "./dead_letters/replay.ts";
import { type Action, type Port, settle, type Settled } from "./dead_letters/settle.ts";
import { showLetters } from "./dead_letters/show.ts";

/** How often a long command reports its progress, in ms. */
const TELL_MS = 2_000;
/** How many letters are shown by default. */
const SHOWN = 20;

/** Runs the command; returns what it prints. */
async function main(args: string[]): Promise<string> {
  const request = readRequest(args);
  if (!request) return help;
  requireDeno();
  await checkEnvFile(Object.keys(variablesOf(["running", "kafka"])));
  const config = readConfig(Deno.env.toObject(), ["kafka"]);
  const log = createLog("dlq", config.logLevel);
  const kafka = openKafka(config.kafka, log);
  await kafka.listTopics().catch((error) => {
    throw new Error(kafkaFault(config.kafka, error));
  });
  return await runRequest(request, { kafka, config: config.kafka, log }, createProgress());
}

async function runRequest(request: Request, port: Port, onProgress: OnProgress): Promise<string> {
  const { command, filter, limit, again, isDryRun } = request;
  const { kafka, config: { topicPrefix: prefix } } = port;
  const topic = prefix + request.topic;
  if (command === "list") return await listLetters(kafka, prefix, onProgress);
  if (command === "show") return await showLetters(kafka, topic, filter, limit ?? SHOWN, onProgress);
  const action = command === "replay" ? await replayTo(request.topic) : dropFor(request.reason);
  const choice = { filter, limit: limit ?? Infinity, again, isDryRun };
  return sentences(request, await settle(port, topic, action, choice, onProgress));
}

async function replayTo(topic: string): Promise<Action> {
  const streams = await listStreams();
  const stream = streams.find((one) => one.message.topic === topic);
  if (stream) return replayOf(stream);
  const topics = streams.map((one) => one.message.topic).join(", ");
  throw new ConfigError(`Cannot replay to ${topic}: it must be one of ${topics}`);
}

function dropFor(reason: string): Action {
  return { state: "dropped", reason, toMessages: () => [] };
}

/** What was done, in sentences. */
function sentences({ command, topic, isDryRun }: Request, { done, refused }: Settled): string {
  const what = command === "replay" ? `sent to ${topic} again` : "dropped";
  return [
    isDryRun ? `${done} would be ${what}. Nothing was done.` : `${done} ${what}.`,
    ...[...refused].map(([why, { count, places }]) =>
      `${count} left as they are, ${why}: ${places.join(", ")}${count > places.length ? ", …" : ""}`
    ),
  ].join("\n");
}

/** Reports the progress of a long command on standard error. */
function createProgress(): OnProgress {
  let toldAt = performance.now();
  return (words) => {
    const now = performance.now();
    if (now - toldAt < TELL_MS) return;
    toldAt = now;
    console.error(words);
  };
}

try {
  console.log(await main(Deno.args));
  Deno.exit(0);
} catch (error) {
  console.error(describe(error));
  Deno.exit(1);
}
