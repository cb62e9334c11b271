import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readTasks, taskArguments } from "../local/up/tasks.ts";
import { deadLetter } from "../shared/dead_letter.ts";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { backlogOf, ticks } from "./backlog.ts";

const MIB = 2 ** 20;

Deno.test("dead letters are listed, replayed and dropped in bounded memory, each once", async () => {
  await using backlog = await backlogOf(book);
  const { kafka, topic, env } = backlog;
  const letters = deadLetterTopic(topic);
  await kafka.ensureTopics([letters]);
  {
    await using producer = kafka.producer(letters);
    const put = (values: readonly (string | Uint8Array)[], cause: string) =>
      producer.send(values.map((value) => deadLetter("BTCUSDT", value, { cause, source: topic })));
    // More than may be held: 160 MiB.
    for (let i = 0; i < 40; i++) {
      await put(Array.from({ length: 5 }, () => new Uint8Array(800 * 1_024)), "large");
    }
    await put([new Uint8Array(MIB)], "cut short");
    await put(ticks(0, 300).map(({ value }) => value), "refused: 23514");
  }
  /** What the command prints; it must stay within its memory. */
  const dlq = async (...args: string[]) => {
    const { words, peak } = await run(args, env);
    assert.ok(peak < 260 * MIB, `${args.join(" ")} took ${Math.round(peak / MIB)} MiB`);
    return words;
  };

  assert.equal(
    await dlq("list"),
    [
      "order_book_data: 501 waiting, 0 replayed, 0 dropped",
      "       300  refused: 23514",
      "       200  large",
      "         1  cut short",
    ].join("\n"),
  );
  assert.match(
    await dlq("drop", "order_book_data", "--cause", "large", "--reason", "a test's"),
    /^200 dropped\.$/,
  );
  assert.match(
    await dlq("replay", "order_book_data", "--limit", "100"),
    /^100 put on order_book_data once more\.\n1 left as they are, cut: .*: \d:200$/,
  );
  await using _consumer = backlog.consume();
  await backlog.rows(100);
  assert.match(await dlq("replay", "order_book_data"), /^200 put on order_book_data once more/);
  await backlog.rows(300);
  assert.match(
    await dlq("list"),
    /^order_book_data: 1 waiting, 300 replayed, 200 dropped\n.*cut short\n +200 {2}dropped: a test's$/,
  );
});

/** Runs `deno task dlq …`; returns what it printed, and the most memory that it took in bytes. */
async function run(args: string[], env: Record<string, string>): Promise<{ words: string; peak: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(await readTasks(), "dlq"), ...args],
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
