import { cpuUsage } from "node:process";
import type prom from "prom-client";
// The registry alone: with all of the package a worker takes 3 MB more.
import Registry from "prom-client/lib/registry.js";
import { cumulate, type Histogram, percentile, sumOf } from "./histogram.ts";
import { counts, delay, type Metric, ofProcess, recentDelay, state } from "./metrics.ts";
import type { Report } from "./report.ts";
import { states, type Status, type Telemetry } from "./telemetry.ts";

/** A value of a metric, as prom-client prints it. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of a part of a histogram: its name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

/** What a process tells beside its streams' numbers. */
export interface ProcessFigures {
  readonly build: string;
  /** How late timers came, in ms. */
  readonly loopDelays: Histogram;
}

/** The metrics in Prometheus' text format. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Upper bounds of a histogram's buckets, in seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const quantiles = [0.5, 0.99];

/** What a stream's worker says at one moment. */
interface Moment {
  readonly labels: { readonly stream: string };
  readonly report: Report;
  readonly status: Status;
}

/** The metrics of streams and of the process, read when they are asked for. */
export function createExposition(streams: readonly Telemetry[], figures: ProcessFigures): Exposition {
  const registry: prom.Registry = new Registry();
  const register = ({ name, help, kind }: Metric, read: () => Value[]) => {
    const get = () => Promise.resolve({ name, help, type: kind, values: read() });
    // The registry uses no other part of a metric.
    registry.registerMetric({ name, get } as unknown as prom.Metric);
  };
  let now: Moment[] = [];
  for (const [metric, read] of streamMetrics()) register(metric, () => now.flatMap(read));
  for (const [metric, read] of processMetrics(figures)) register(metric, read);
  return {
    contentType: registry.contentType,
    text() {
      now = streams.map((one) => ({
        labels: { stream: one.stream },
        report: one.report(),
        status: one.status(),
      }));
      return registry.metrics();
    },
  };
}

function streamMetrics(): [Metric, (moment: Moment) => Value[]][] {
  const all = Object.entries(counts).map(([name, metric]): [Metric, (moment: Moment) => Value[]] => [
    metric,
    ({ labels, report }) => {
      const value = report.counts[name];
      return value === undefined ? [] : [{ labels, value }];
    },
  ]);
  return [
    ...all,
    [
      state,
      ({ labels, status }) =>
        states.map((state) => ({ labels: { ...labels, state }, value: Number(state === status.state) })),
    ],
    [delay, ({ labels, report }) => report.delays ? partsOf(delay.name, report.delays, labels) : []],
    [recentDelay, ({ labels, report }) =>
      quantiles.flatMap((quantile) => {
        const ms = percentile(report.recentDelays ?? [], quantile);
        return ms === null ? [] : [{ labels: { ...labels, quantile }, value: ms / 1_000 }];
      })],
  ];
}

function processMetrics({ build, loopDelays }: ProcessFigures): [Metric, () => Value[]][] {
  const one = (value: number, labels = {}): Value[] => [{ labels, value }];
  return [
    [ofProcess.build, () => one(1, { build })],
    [ofProcess.loop, () => partsOf(ofProcess.loop.name, loopDelays, {})],
    [ofProcess.cpu, () => one((cpuUsage().user + cpuUsage().system) / 1e6)],
    [ofProcess.started, () => one(performance.timeOrigin / 1_000)],
    [ofProcess.resident, () => one(Deno.memoryUsage().rss)],
    [ofProcess.heap, () => one(Deno.memoryUsage().heapUsed)],
    [ofProcess.heapTotal, () => one(Deno.memoryUsage().heapTotal)],
  ];
}

/** A histogram of ms as Prometheus wants it, in seconds. */
function partsOf(name: string, histogram: Histogram, labels: Value["labels"]): Value[] {
  const below = cumulate(histogram, [...bounds.map((seconds) => seconds * 1_000), Infinity]);
  return [
    ...below.map((value, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: bounds[i] ?? "+Inf" },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: sumOf(histogram) / 1_000 },
    { metricName: `${name}_count`, labels, value: below[below.length - 1] },
  ];
}
