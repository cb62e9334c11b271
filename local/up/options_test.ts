import assert from "node:assert/strict";
import { ConfigError } from "../../shared/config/config.ts";
import { parseOptions } from "./options.ts";

const refused: [string, RegExp][] = [
  ["--feed", /^Cannot use --feed: it needs a value\. Example: --feed simulated$/],
  ["--feed --json", /^Cannot use --feed: it needs a value/],
  [
    "--feed simulatd",
    /^Cannot use --feed: simulatd is neither live nor simulated nor a \.jsonl or \.jsonl\.gz file/,
  ],
  ["--duration 30", /^Cannot use --duration: 30 is no time .* Example: --duration 30s$/],
  ["--duration 0s", /^Cannot use --duration/],
  ["--duration 600h", /500h at most/],
  ["--feed a.jsonl --speed fast", /^Cannot use --speed: fast is no number above 0\. Example: --speed 10$/],
  ["--feed a.jsonl --rate -5", /^Cannot use --rate/],
  ["--feed simulated --rate 0", /^Cannot use --rate: 0 is no number above 0/],
  ["--feed simulated --speed 2", /^Cannot use --speed: it is for recordings/],
  ["--feed live --rate 100", /^Cannot use --rate: it is for --feed simulated or --feed FILE/],
  ["--rate 100", /^Cannot use --rate/],
  ["--feed a.jsonl --speed 2 --rate 100", /^Cannot use --speed: --rate is given too/],
  ["--fresh=", /^Cannot use --fresh=: it names no database$/],
  ["--json=yes", /^Cannot use --json=yes: it takes no value$/],
  ["--quiet", /^Cannot use --quiet: there is no such option, see --help$/],
  ["live", /^Cannot understand live: see --help$/],
];

for (const [args, words] of refused) {
  Deno.test(`"up ${args}" is refused, saying why`, () => {
    assert.throws(() => parseOptions(args.split(" ")), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, words);
      return true;
    });
  });
}

Deno.test("without options the feed is left open and the run has no end", () => {
  const options = parseOptions([]);
  assert.deepEqual({ ...options }, {
    feed: undefined,
    durationMs: undefined,
    outageMs: undefined,
    speed: undefined,
    rate: undefined,
    fresh: undefined,
    json: false,
    help: false,
  });
});

Deno.test("every option is taken, in either form", () => {
  const options = parseOptions([
    "--feed=rec/day.jsonl.gz",
    "--rate",
    "2.5e3",
    "--duration",
    "1.5m",
    "--fresh",
    "--json",
  ]);
  assert.deepEqual(options.feed, { kind: "file", file: "rec/day.jsonl.gz" });
  assert.equal(options.rate, 2_500);
  assert.equal(options.durationMs, 90_000);
  assert.ok(options.fresh && options.json);
});

Deno.test("a database that may be cleared is named after --fresh=, and never by the next word", () => {
  assert.deepEqual(parseOptions(["--fresh=market"]).fresh, { database: "market" });
  assert.deepEqual(parseOptions(["--fresh", "--json"]).fresh, { database: undefined });
  assert.throws(() => parseOptions(["--fresh", "market"]), /^ConfigError: Cannot understand market/);
});

Deno.test("durations are seconds, minutes or hours", () => {
  const ms = (text: string) => parseOptions(["--duration", text]).durationMs;
  assert.deepEqual([ms("30s"), ms("5m"), ms("1h"), ms("0.5s")], [30_000, 300_000, 3_600_000, 500]);
});
