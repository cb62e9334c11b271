import assert from "node:assert/strict";
import { until } from "../../tests/until.ts";
import { keepServer } from "./keep_server.ts";

/** A server that ends when the test stops it, and whose next `failures` starts fail. */
function fakeServer() {
  let end = Promise.withResolvers<Deno.CommandStatus>();
  const fake = {
    fails: 0,
    done: [] as string[],
    get ended() {
      return end.promise;
    },
    end: () => end.resolve({ success: false, code: 137, signal: "SIGKILL" }),
    restart() {
      if (fake.fails-- > 0) return Promise.reject(new Error("no room"));
      end = Promise.withResolvers();
      fake.done.push("restart");
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(void fake.done.push("dispose")),
  };
  return fake;
}

Deno.test("a server that ends is started again, also after a start that fails, and the reason of the failure is reported", async () => {
  const fake = fakeServer();
  const notices: string[] = [];
  await using server = keepServer("Kafka", fake, (line) => notices.push(line));
  assert.deepEqual([server.trouble, server.restarts], [undefined, 0]);
  fake.fails = 1;
  fake.end();
  await until("the fault of the first attempt", () => server.trouble === "no room");
  await until("the second attempt", () => server.restarts === 1);
  assert.equal(server.trouble, undefined);
  assert.equal(notices[0], "warn  Kafka ended with SIGKILL, and is started again");
  assert.equal(notices[1], "warn  Kafka can't be started again yet: no room");
  assert.match(notices[2], /^Kafka is up again after \d+\.\d s$/);
});

Deno.test("a server that is stopped is not started again, and neither is one that waits for its next start", async () => {
  const fake = fakeServer();
  {
    await using _server = keepServer("Kafka", fake, () => {});
  }
  assert.deepEqual(fake.done, ["dispose"]);
  const waiting = fakeServer();
  const server = keepServer("Kafka", waiting, () => {});
  waiting.end();
  await until("the end to be seen", () => server.trouble !== undefined);
  await server[Symbol.asyncDispose]();
  assert.deepEqual(waiting.done, ["dispose"]);
});
