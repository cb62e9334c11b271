import type { Buffer } from "node:buffer";
import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeByKafkajs from "kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import type { Incoming } from "./consumer.ts";
import { readRecords } from "./record_set.ts";

/** What kafkajs is given as a message: all records of a partition that came with one fetch. */
export interface Bundled {
  /** Of the last record. */
  readonly offset: string;
  readonly records?: readonly Incoming[];
}

/** The version that kafkajs speaks with brokers from Kafka 2.3 on. */
const VERSION = 11;

/** The offset from which a kafkajs batch was asked for. */
export function fetchedFrom(batch: object): number {
  return Number((batch as { readonly fetchedOffset: string }).fetchedOffset);
}

/** The records of a kafkajs batch from where the fetch was to begin: brokers send whole record batches, whose first may be old. */
export function recordsOf(batch: { readonly messages: readonly Bundled[] }): Incoming[] {
  const from = fetchedFrom(batch);
  const records = batch.messages.flatMap((message) => message.records ?? message as Incoming);
  return records.length === 0 || Number(records[0].offset) >= from
    ? records
    : records.filter(({ offset }) => Number(offset) >= from);
}

// From here on kafkajs reads such fetches by `decode`; it keeps what it does best: the group, offsets, retries.
const { Fetch } = protocols.requests;
const { protocol } = Fetch;
Fetch.protocol = ({ version }: { version: number }) => (data: unknown) => {
  const { request, response, ...rest } = protocol({ version })(data);
  return { request, response: version === VERSION ? { ...response, decode } : response, ...rest };
};

/** The part of kafkajs' decoder that is used here. */
interface Reader {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readArray<T>(read: (reader: Reader) => T): T[];
  readArrayAsync<T>(read: (reader: Reader) => Promise<T>): Promise<T[]>;
  readonly buffer: Buffer;
  offset: number;
}

/** Kafka's protocol: "Fetch API", version 11. */
async function decode(raw: Buffer): Promise<unknown> {
  const reader: Reader = new Decoder(raw);
  const clientSideThrottleTime = reader.readInt32();
  const errorCode = reader.readInt16();
  const sessionId = reader.readInt32();
  const responses = await reader.readArrayAsync(async (reader) => ({
    topicName: reader.readString(),
    partitions: await reader.readArrayAsync(decodePartition),
  }));
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

async function decodePartition(reader: Reader): Promise<unknown> {
  const header = {
    partition: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64().toString(),
    lastStableOffset: reader.readInt64().toString(),
    lastStartOffset: reader.readInt64().toString(),
    abortedTransactions: reader.readArray((reader) => ({
      producerId: reader.readInt64().toString(),
      firstOffset: reader.readInt64().toString(),
    })),
    preferredReadReplica: reader.readInt32(),
  };
  return { ...header, messages: await decodeMessages(reader, header.abortedTransactions.length === 0) };
}

/** One bundle where we can read the records; what is compressed in another way or of a transaction is left to kafkajs. */
async function decodeMessages(reader: Reader, isPlain: boolean): Promise<Bundled[]> {
  const start = reader.offset;
  const size = reader.readInt32();
  const records = isPlain
    ? readRecords(reader.buffer.subarray(start + 4, start + 4 + Math.max(0, size)))
    : undefined;
  if (!records) {
    reader.offset = start;
    return await decodeByKafkajs(reader);
  }
  reader.offset = start + 4 + Math.max(0, size);
  return records.length === 0 ? [] : [{ offset: records[records.length - 1].offset, records }];
}
