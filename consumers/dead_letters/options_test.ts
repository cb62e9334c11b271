import assert from "node:assert/strict";
import { readRequest } from "./options.ts";

Deno.test("without a command, and with --help anywhere, help is wanted", () => {
  assert.equal(readRequest([]), undefined);
  assert.equal(readRequest(["drop", "order_book_data", "--help"]), undefined);
});

Deno.test("a command line that makes no sense is refused with what is wrong with it", () => {
  const refused: [string, RegExp][] = [
    ["burn order_book_data", /Cannot do "burn order_book_data": see --help/],
    ["show", /Cannot do "show"/],
    ["list order_book_data", /Cannot do "list order_book_data"/],
    ["show order_book_data kline_data", /Cannot do/],
    ["show order_book_data --lst 5", /--lst.*: see --help/],
    ["list --limit 5", /Cannot use --limit: list has no such option/],
    ["show order_book_data --dry-run", /Cannot use --dry-run: show has no such option/],
    ["replay order_book_data --limit 0", /Cannot use --limit: it must be a whole number above 0/],
    ["replay order_book_data --offset 17", /Cannot use --offset: .* such as 0:17/],
    ["replay order_book_data --since yesterday", /Cannot use --since: .* such as 2026-11-27/],
    ["replay order_book_data --since 2026-13-01", /Cannot use --since/],
    ["drop order_book_data", /Cannot use --reason: drop needs one/],
    ["drop order_book_data --reason=", /Cannot use --reason: drop needs one/],
  ];
  for (const [line, words] of refused) {
    assert.throws(() => readRequest(line.split(" ")), { name: "ConfigError", message: words }, line);
  }
});

Deno.test("a command line is read with its filter; a time without a zone is UTC", () => {
  assert.deepEqual(
    readRequest(
      ["replay", "order_book_data", "--cause", "23514", "--since", "2026-11-27", "--limit", "5", "--dry-run"],
    ),
    {
      command: "replay",
      topic: "order_book_data",
      filter: { cause: "23514", since: Date.UTC(2026, 10, 27), offset: undefined },
      limit: 5,
      reason: "",
      again: false,
      isDryRun: true,
    },
  );
  const since = (time: string) => readRequest(["show", "t", "--since", time])!.filter.since;
  assert.equal(since("2026-11-27T08:00"), Date.UTC(2026, 10, 27, 8));
  assert.equal(since("2026-11-27T08:00:01.5+02:00"), Date.UTC(2026, 10, 27, 6, 0, 1, 500));
});
