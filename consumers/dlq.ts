import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "../shared/config.ts";
import { listStreams } from "../shared/list_streams.ts";
import { createLog, describe } from "../shared/log.ts";
import { openKafka } from "../shared/kafka/mod.ts";
import { listLetters, readLetters, replay } from "./dead_letters.ts";

const help = `Dead letters: messages that could not be decoded or stored, with their bytes as they came.

Usage:
  deno task dlq list                 how many there are, by topic and cause
  deno task dlq show TOPIC           the newest 20 of a topic, such as order_book_data; --last N for more
  deno task dlq replay TOPIC         puts them on their topic once more: those that are still bad come back here,
                                     those that were stored meanwhile change nothing; --offset P:N for one alone

Configured by the environment, as the workers are: see .env.example.`;

/** Runs the command; returns what it prints. */
async function main(args: string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      last: { type: "string", default: "20" },
      offset: { type: "string" },
    },
  });
  if (values.help || positionals.length === 0) return help;
  const config = readConfig();
  const kafka = openKafka(config.kafka, createLog("dlq", config.logLevel));
  const [command, name] = positionals;
  if (command === "list" && positionals.length === 1) {
    return await listLetters(kafka, config.kafka.topicPrefix);
  }
  if (positionals.length !== 2) throw new ConfigError(`Cannot do "${positionals.join(" ")}".\n\n${help}`);
  const topic = config.kafka.topicPrefix + name;
  if (command === "show") {
    if (!/^[1-9]\d*$/.test(values.last)) {
      throw new ConfigError(`Cannot use --last ${values.last}: it must be a number`);
    }
    const letters = await readLetters(kafka, topic);
    return letters.slice(-Number(values.last)).map((letter) => letter.text).join("\n\n") || "There are none.";
  }
  if (command === "replay") return await replay(kafka, topic, await listStreams(), values.offset);
  throw new ConfigError(`Cannot do "${command}".\n\n${help}`);
}

try {
  console.log(await main(Deno.args));
  Deno.exit(0);
} catch (error) {
  console.error(describe(error));
  Deno.exit(1);
}
