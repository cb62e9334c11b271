import assert from "node:assert/strict";
import { createExposition } from "./exposition.ts";
import { note } from "./histogram.ts";
import { counts, metrics } from "./metrics.ts";
import { createTelemetry } from "./telemetry.ts";

/** The metrics of two streams of which each reports every number that there is. */
async function everything(): Promise<string> {
  const streams = ["book", "kline"].map((stream, place) => {
    const telemetry = createTelemetry(stream);
    const delays: number[] = [];
    for (const ms of [2, 20, 20, 400_000]) note(delays, ms);
    const all = Object.fromEntries(Object.keys(counts).map((name, i) => [name, 100 * place + i]));
    telemetry.observe(() => ({ counts: all, delays, recentDelays: delays, stuck: "a reason" }));
    return telemetry;
  });
  const loopDelays: number[] = [];
  note(loopDelays, 150);
  return await createExposition(streams, { build: '1.0+"a"', loopDelays }).text();
}

/** The lines of a metric. */
const linesOf = (text: string, name: string) => text.split("\n").filter((line) => line.startsWith(name));

/** Whether a program is installed. Where it is not, Deno throws before there is a promise. */
async function isInstalled(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    })
      .output();
    return success;
  } catch {
    return false;
  }
}

const hasPromtool = await isInstalled("promtool");
if (!hasPromtool) {
  console.warn("promtool is not installed (Debian: prometheus): it does not judge the metrics");
}

Deno.test({
  name: "Debian's promtool finds no fault in the metrics, neither in their form nor in their names",
  ignore: !hasPromtool,
  async fn() {
    const promtool = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = promtool.stdin.getWriter();
    await writer.write(new TextEncoder().encode(await everything()));
    await writer.close();
    const { code, stdout, stderr } = await promtool.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.deepEqual([code, said], [0, ""]);
  },
});

Deno.test("each metric has its values, and the stream as a label where it is a stream's", async () => {
  const text = await everything();
  for (const { name, kind, labels } of metrics) {
    assert.ok(text.includes(`# TYPE ${name} ${kind}\n`), name);
    const lines = linesOf(text, name);
    const streams = labels.includes("stream") ? ["book", "kline"] : [""];
    for (const stream of streams) {
      const mine = lines.filter((line) => line.includes(stream ? `stream="${stream}"` : name));
      assert.ok(mine.length > 0, `${name} of ${stream}`);
      for (const label of labels) {
        assert.ok(mine.every((line) => line.includes(`${label}="`)), mine.join("\n"));
      }
    }
  }
});

Deno.test("a histogram's buckets add up, in seconds, and its percentiles are of the last minute", async () => {
  const text = await everything();
  const bucket = (le: string) =>
    Number(/ (\d+)$/.exec(linesOf(text, `bookline_delay_seconds_bucket{stream="book",le="${le}"}`)[0])![1]);
  assert.deepEqual(["0.001", "0.005", "0.025", "300", "+Inf"].map(bucket), [0, 1, 3, 3, 4]);
  assert.match(text, /^bookline_delay_seconds_count\{stream="book"\} 4$/m);
  const sum = Number(/^bookline_delay_seconds_sum\{stream="book"\} (\S+)$/m.exec(text)![1]);
  assert.ok(sum >= 400.042 && sum < 400.042 * 1.1, String(sum));
  const p50 = Number(/^bookline_recent_delay_seconds\{stream="book",quantile="0.5"\} (\S+)$/m.exec(text)![1]);
  assert.ok(p50 >= 0.0199 && p50 < 0.022, String(p50));
});

Deno.test("docs/metrics.md lists each metric with its kind, labels and meaning, and no other", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  const listed = text.split("\n").filter((line) => /^\| `/.test(line));
  const wanted = metrics.map(({ name, kind, labels, help }) =>
    `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`
  );
  assert.deepEqual(listed.toSorted(), wanted.toSorted());
});
