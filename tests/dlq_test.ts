import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readTasks, taskArguments } from "../local/up/tasks.ts";
import { deadLetter } from "../shared/dead_letter.ts";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { backlogOf, ticks } from "./backlog.ts";

const MIB = 2 ** 20;

Deno.test("dead letters are replayed once each, dropped for a reason, and listed in bounded memory", async () => {
  await using backlog = await backlogOf(book);
  const { kafka, topic, env } = backlog;
  const letters = deadLetterTopic(topic);
  await kafka.ensureTopics([letters]);
  await using producer = kafka.producer(letters);
  const put = (values: readonly (string | Uint8Array)[], cause: string) =>
    producer.send(values.map((value) => deadLetter("BTCUSDT", value, { cause, source: topic })));
  const dlq = async (...args: string[]) => (await run(args, env)).words;

  await put([new Uint8Array(MIB)], "cut short");
  await put(["{}", "{}"], "of a test");
  await put(ticks(0, 300).map(({ value }) => value), "refused: 23514");
  assert.match(
    await dlq("drop", "order_book_data", "--cause", "OF A TEST", "--reason", "known"),
    /^2 dropped\.$/,
  );
  assert.match(
    await dlq("replay", "order_book_data", "--limit", "100"),
    /^100 sent to order_book_data again\.\n1 left as they are, incomplete: .*: \d:0$/,
  );
  await using _consumer = backlog.consume();
  await backlog.rows(100);
  assert.match(await dlq("replay", "order_book_data"), /^200 sent to order_book_data again/);
  await backlog.rows(300);

  // More than may be held: 160 MiB.
  for (let i = 0; i < 40; i++) {
    await put(Array.from({ length: 5 }, () => new Uint8Array(800 * 1_024)), "large");
  }
  const { words, peak } = await run(["list"], env);
  assert.equal(
    words,
    [
      "order_book_data: 201 waiting, 300 replayed, 2 dropped",
      "       200  large",
      "         1  cut short",
      "         2  dropped: known",
    ].join("\n"),
  );
  assert.ok(peak < 260 * MIB, `it took ${Math.round(peak / MIB)} MiB`);
});

/** Runs `deno task dlq …`; returns what it printed, and the most memory that it took in bytes. */
async function run(args: string[], env: Record<string, string>): Promise<{ words: string; peak: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(readTasks(), "dlq"), ...args],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const [, kib] = /VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${child.pid}/status`)) ?? [];
      peak = Math.max(peak, Number(kib ?? 0) * 1_024);
    } catch {
      // It has ended.
    }
  }, 50);
  const { success, stdout, stderr } = await child.output();
  clearInterval(watch);
  assert.ok(success, new TextDecoder().decode(stderr));
  return { words: new TextDecoder().decode(stdout).trim(), peak };
}
