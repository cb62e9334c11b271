import type { Buffer } from "node:buffer";
import Decoder from "kafkajs/src/protocol/decoder.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import type { RecordSet } from "../record_set.ts";

/**
 * Patches kafkajs 2.2.4 (issue 715): it does not check a record batch's checksum. A damaged batch is read as messages that nobody sent, or
 * fails each fetch from then on. It unpacks a fetch at once, whatever it unpacks to, and a busy partition that a broker puts first
 * in its answers keeps others from being read. With the patch kafkajs carries each partition's bytes as they came, for
 * `readSet` to read, and the partitions take turns in being the first.
 */

/** What kafkajs is given as a message: all record batches of a partition that came with one fetch. */
export interface Bundle extends RecordSet {
  /** kafkajs leaves out what has a lower offset than was asked for: none has. */
  readonly offset: string;
}

/** What a broker answers to a fetch. */
export interface FetchAnswer {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

/** What comes of one partition. */
export interface FetchedPartition {
  readonly partition: number;
  /** The offset of the next message to come. */
  readonly highWatermark: string;
  readonly messages: readonly RecordSet[];
}

/** A record set as kafkajs is to carry it; none where it is empty. */
export function bundle(set: RecordSet): Bundle[] {
  return set.bytes.length === 0 ? [] : [{ ...set, offset: String(Number.MAX_SAFE_INTEGER) }];
}

/** A fetch request of kafkajs. */
interface FetchRequest {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly object[] }[];
}

let turn = 0;

/** A broker fills its answer in the order of the partitions: each is the first one in its turn, so that none starves. */
function rotated(request: FetchRequest): FetchRequest {
  turn++;
  const topics = request.topics.map(({ topic, partitions }) => {
    const first = turn % partitions.length;
    return { topic, partitions: [...partitions.slice(first), ...partitions.slice(0, first)] };
  });
  return { ...request, topics };
}

const { Fetch } = protocols.requests;
const { protocol } = Fetch;
Fetch.protocol = ({ version }: { version: number }) => (data: FetchRequest) => {
  if (version < 4) throw new Error("Kafka is older than 0.11: it can't be read");
  const { response, ...rest } = protocol({ version })(rotated(data));
  // deno-lint-ignore require-await -- kafkajs wants a promise
  return { ...rest, response: { ...response, decode: async (raw: Buffer) => decode(raw, version) } };
};

/** The part of kafkajs' decoder that is used here. */
interface Reader {
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readArray<T>(read: (reader: Reader) => T): T[];
  readonly buffer: Buffer;
  offset: number;
}

/** Kafka's protocol: "Fetch API", versions 4 to 11. A throttling is the client's to keep, not the broker's, from KIP-219 on. */
function decode(raw: Buffer, version: number): unknown {
  const reader: Reader = new Decoder(raw);
  const clientSideThrottleTime = reader.readInt32();
  const errorCode = version < 7 ? 0 : reader.readInt16();
  const sessionId = version < 7 ? 0 : reader.readInt32();
  const responses = reader.readArray((reader) => ({
    topicName: reader.readString(),
    partitions: reader.readArray((reader) => decodePartition(reader, version)),
  }));
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function decodePartition(reader: Reader, version: number): unknown {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64().toString();
  reader.readInt64(); // the last stable offset
  if (version >= 5) reader.readInt64(); // the log's start
  const aborted = reader.readArray((reader) => ({
    producerId: BigInt(reader.readInt64().toString()),
    firstOffset: Number(reader.readInt64().toString()),
  }));
  const preferredReadReplica = version < 11 ? -1 : reader.readInt32();
  const size = Math.max(0, reader.readInt32());
  const bytes = reader.buffer.subarray(reader.offset, reader.offset + size);
  if (bytes.length < size) throw new Error(`Kafka's answer ends within partition ${partition}`);
  reader.offset += size;
  const messages = bundle({ bytes, aborted, end: Number(highWatermark) });
  // kafkajs leaves out aborted transactions by a list of its own: there is nothing left to leave out.
  return { partition, errorCode, highWatermark, preferredReadReplica, abortedTransactions: [], messages };
}
