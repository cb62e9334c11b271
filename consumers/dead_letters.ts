import { readFrame } from "../producers/frame.ts";
import { deadLetterTopic, type Incoming, type Kafka, type Outgoing } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";

/** A message of a dead-letter topic. */
export interface Letter {
  readonly message: Incoming & { readonly partition: number };
  /** Why it is here, where from and since when: the headers that `deadLetter` gave it. */
  readonly headers: Record<string, string>;
  /** All of it, to be read by a person. */
  readonly text: string;
}

const suffix = deadLetterTopic("");

/** A line a cause: how many letters there are of it. `prefix` is that of the topics. */
export async function listLetters(kafka: Kafka, prefix: string): Promise<string> {
  const topics = (await kafka.listTopics()).filter((topic) =>
    topic.startsWith(prefix) && topic.endsWith(suffix)
  ).sort();
  const lines: string[] = [];
  for (const topic of topics.map((name) => name.slice(0, -suffix.length))) {
    const letters = await readLetters(kafka, topic);
    const causes = Map.groupBy(letters, ({ headers }) => headers["bookline-cause"] ?? "no cause given");
    lines.push(`${topic.slice(prefix.length)}: ${letters.length || "none"}`);
    const most = [...causes].sort(([, a], [, b]) => b.length - a.length).slice(0, 10);
    for (const [cause, some] of most) lines.push(`  ${String(some.length).padStart(8)}  ${cause}`);
  }
  return lines.join("\n") || "There is no dead-letter topic yet.";
}

/** All letters of a topic, the oldest first. */
export async function readLetters(kafka: Kafka, topic: string): Promise<Letter[]> {
  const letters = deadLetterTopic(topic);
  if (!(await kafka.listTopics()).includes(letters)) {
    throw new Error(`Cannot find the topic ${letters}: see dlq list`);
  }
  const messages = await kafka.readTail(letters, await kafka.extentOf(letters), Infinity);
  return messages.map(describeLetter).sort((a, b) => time(a) < time(b) ? -1 : 1);
}

const time = ({ headers }: Letter) => headers["bookline-time"] ?? "";
const utf8 = (bytes: unknown) =>
  bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : String(bytes ?? "");

function describeLetter(message: Letter["message"]): Letter {
  const headers = Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, utf8(value)]),
  );
  const lines = [`--offset ${message.partition}:${message.offset}`];
  for (const [name, value] of Object.entries(headers)) {
    lines.push(`  ${name.replace("bookline-", "")}: ${value}`);
  }
  if (message.key) lines.push(`  key: ${utf8(message.key)}`);
  lines.push(`  ${utf8(message.value).slice(0, 2_000)}`);
  return { message, headers, text: lines.join("\n") };
}

/**
 * Puts letters on their topic once more, all or the one at `offset` ("partition:offset"). A frame of the exchange goes there as
 * the message that it decodes to by now; one that still can't be decoded stays where it is. Returns what was done.
 */
export async function replay(
  kafka: Kafka,
  topic: string,
  streams: readonly Stream[],
  offset?: string,
): Promise<string> {
  const letters = (await readLetters(kafka, topic))
    .filter(({ message }) => offset === undefined || offset === `${message.partition}:${message.offset}`);
  const stream = streams.find((one) => topic.endsWith(one.topic));
  const messages = letters.flatMap((letter) => outgoing(letter, stream) ?? []);
  await using producer = kafka.producer(topic);
  for (let i = 0; i < messages.length; i += 500) {
    await producer.send(messages.slice(i, i + 500));
  }
  return `${messages.length} put on ${topic} once more, ${
    letters.length - messages.length
  } that can't be decoded left alone`;
}

function outgoing({ message, headers }: Letter, stream: Stream | undefined): Outgoing | undefined {
  if (headers["bookline-source"] !== "exchange") return { key: message.key, value: message.value ?? "" };
  const frame = readFrame(utf8(message.value));
  const payload = frame.kind === "data" ? stream?.exchange?.wire.safeParse(frame.payload) : undefined;
  if (!payload?.success) return undefined;
  const decoded = stream!.exchange!.toMessage(payload.data, Date.parse(headers["bookline-time"]));
  return { key: decoded.symbol, value: stream!.codec.encode(decoded) };
}
