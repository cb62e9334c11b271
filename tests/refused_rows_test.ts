import assert from "node:assert/strict";
import { deadLetterTopic } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { backlogOf, ticks } from "./backlog.ts";
import { until } from "./until.ts";

Deno.test("while a trigger refuses all rows a consumer is stuck, with the trigger's words, and commits nothing; then it continues", async () => {
  await using backlog = await backlogOf(book);
  await backlog.sql.unsafe(`
    create function refuse() returns trigger language plpgsql
      as $$ begin raise 'not on Sundays' using errcode = '22003'; end $$;
    create trigger refuse before insert on websocket.order_book_data for each row execute function refuse()`);
  await backlog.send(ticks(0, 100));
  await using consumer = backlog.consume();
  const { stuck } = await until("the consumer to be stuck", async () => {
    const report = await consumer.report();
    // At first the partitions of today may still be missing, which is another reason.
    return report?.status === "stuck" && !/has no partition/.test(report.stuck ?? "") && report;
  });
  assert.match(stuck!, /rows are refused, so the cause is not their content: not on Sundays/);
  assert.equal(await backlog.behind(), 100);
  assert.deepEqual(await backlog.read(deadLetterTopic(backlog.topic)), []);

  await backlog.sql`drop function refuse cascade`;
  await backlog.rows(100);
  await until("all to be well", async () => {
    return (await consumer.report())?.status === "ok" && await backlog.behind() === 0;
  });
  assert.deepEqual(await backlog.read(deadLetterTopic(backlog.topic)), []);
});

Deno.test("a row that is refused alone becomes a dead letter when rows beside it are accepted", async () => {
  await using backlog = await backlogOf(book);
  await backlog.sql`alter table websocket.order_book_data add constraint wanted check (update_id <> 0)`;
  await using consumer = backlog.consume();
  await backlog.send(ticks(0, 1));
  await until("the row to be refused", async () => {
    return (await consumer.report())?.stuck?.includes("1 of 1 rows are refused");
  });
  await backlog.send(ticks(1, 3));
  await backlog.rows(3);
  await until(
    "the dead letter",
    async () => (await backlog.read(deadLetterTopic(backlog.topic))).length === 1,
  );
  await until("all to be well", async () => {
    return (await consumer.report())?.status === "ok" && await backlog.behind() === 0;
  });
});

Deno.test("a consumer whose table a user has altered ends with 78 and the differences", async () => {
  await using backlog = await backlogOf(book);
  await backlog.sql`alter table websocket.order_book_data rename column bid_qty to quantity`;
  await using consumer = backlog.consume();
  assert.equal((await consumer.ended).code, 78);
  assert.match(consumer.lines.join("\n"), /the column bid_qty \(numeric\) is missing/);
});
