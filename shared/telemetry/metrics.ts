/** All metrics, as Prometheus knows them. `docs/metrics.md` lists them. */

/** A metric; of which stream it speaks is the label `stream`, if it has it. */
export interface Metric {
  /** By https://prometheus.io/docs/practices/naming: base units, and `_total` at the end of what only grows. */
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram" | "summary";
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
}

const ofStream = (kind: Metric["kind"], name: string, help: string, ...labels: string[]): Metric => ({
  name: `bookline_${name}`,
  kind,
  help,
  labels: ["stream", ...labels],
});
const counter = (name: string, help: string) => ofStream("counter", `${name}_total`, help);
const gauge = (name: string, help: string) => ofStream("gauge", name, help);

/** The numbers that a worker reports of its stream, by their names in the log and in `/healthz`. */
export const counts = {
  received: counter("messages_received", "Messages that came from the exchange, and frames that hold none."),
  produced: counter("messages_produced", "Messages that Kafka has acked."),
  rejected: counter("dead_letters", "Dead letters that Kafka has acked: what can't be decoded or stored."),
  dropped: counter("messages_dropped", "Messages that a full buffer dropped."),
  merged: counter("messages_merged", "Messages in a full buffer that a newer one of their row replaced."),
  duplicate: counter("messages_duplicate", "Messages that came before on another connection."),
  ignored: counter("frames_ignored", "Frames that hold no message."),
  notices: counter("notices", "Errors and announcements of the exchange."),
  stored: counter("messages_stored", "Messages that are rows, with their offsets committed."),
  expired: counter("messages_expired", "Messages that are older than their table keeps rows."),
  legacy: counter("messages_legacy", "Messages of the PySpark pipeline, which are skipped."),
  lost: counter("messages_lost", "Messages that Kafka deleted before they were stored."),
  fallbacks: counter("decoder_fallbacks", "Texts that the fast decoder left to the schema."),
  audited: counter("candles_audited", "Judgements of closed candles by the sum of their trades."),
  edges: counter(
    "candles_edge",
    "Candles found to differ by an aggregated trade across a minute's boundary alone.",
  ),
  differing: counter("candles_differing", "Candles found to differ from the sum of their trades."),
  buffered: gauge("buffered_messages", "Messages in the producer's memory that Kafka has not acked."),
  behind: gauge("behind_messages", "Messages on Kafka that this consumer has still to store."),
  requests: counter("rest_requests", "Requests to the exchange's REST API."),
  weight: gauge(
    "rest_weight",
    "Request weight that this address has used in this minute, as the exchange counts it.",
  ),
  repaired: counter("gaps_repaired", "Gaps of which all is stored now."),
  absent: counter("gaps_absent", "Gaps, or parts of them, of which the exchange has nothing."),
  compared: counter("candles_compared", "Closed candles that were compared with the exchange's."),
  replaced: counter(
    "candles_replaced",
    "Closed candles that the exchange's version replaces, or that were missing.",
  ),
  unrepaired: gauge("gaps_unrepaired", "Gaps that have ended and are not repaired yet."),
  connections: gauge("connections", "Connections to the exchange that are up."),
  connections_down: gauge("connections_down", "Connections to the exchange that should be up."),
  partitions: gauge("assigned_partitions", "Partitions of the topic that are this consumer's."),
} satisfies Record<string, Metric>;
export type CountName = keyof typeof counts;

export const state = ofStream("gauge", "state", "1 for the state that the worker is in.", "state");
export const delay = ofStream("histogram", "delay_seconds", "Time from receipt to the committed row.");
export const recentDelay = ofStream(
  "summary",
  "recent_delay_seconds",
  "Time from receipt to the committed row, of the last minute.",
  "quantile",
);

const plain = (kind: Metric["kind"], name: string, help: string, ...labels: string[]): Metric => ({
  name,
  kind,
  help,
  labels,
});

/** The numbers of a process, whatever its streams. */
export const ofProcess = {
  build: plain("gauge", "bookline_build_info", "1, with the build as a label.", "build"),
  loop: plain(
    "histogram",
    "bookline_event_loop_delay_seconds",
    "How late a timer comes that is due ten times a second: the time in which other work kept the thread.",
  ),
  cpu: plain("counter", "process_cpu_seconds_total", "CPU time of the process, user and system."),
  started: plain("gauge", "process_start_time_seconds", "Start of the process, since the epoch."),
  resident: plain("gauge", "process_resident_memory_bytes", "Resident memory of the process."),
  heap: plain("gauge", "bookline_heap_used_bytes", "The part of JavaScript's heap that is in use."),
  heapTotal: plain("gauge", "bookline_heap_bytes", "JavaScript's heap."),
} satisfies Record<string, Metric>;

/** Each metric that a worker can tell. */
export const metrics: readonly Metric[] = [
  ...Object.values(counts),
  state,
  delay,
  recentDelay,
  ...Object.values(ofProcess),
];
