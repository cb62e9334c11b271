import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { inFastTime } from "../../tests/fast_time.ts";
import { closeWhenServerIsGone } from "./dead_server.ts";
import { sleep } from "../wait.ts";

/** A connection whose server answers as the test says, and the number of checks. */
function connection(isAnswering: boolean, lookMs = 0) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  socket.on("error", () => {});
  let looks = 0;
  const look = () => sleep(lookMs).then(() => (looks++, isAnswering));
  closeWhenServerIsGone(socket, look, () => new Error("gone"));
  return {
    socket,
    get looks() {
      return looks;
    },
  };
}

Deno.test("a connection whose server answers no other connection either is destroyed", async () => {
  await inFastTime(async () => {
    const one = connection(false);
    one.socket.write("select");
    await sleep(25_000);
    assert.equal(one.socket.destroyed, false);
    await sleep(1_000_000);
    assert.deepEqual([one.socket.errored?.message, one.looks], ["gone", 1]);
  });
});

Deno.test("a connection whose server is busy for hours waits for it", async () => {
  await inFastTime(async () => {
    const one = connection(true);
    one.socket.write("select");
    await sleep(10_000_000);
    assert.equal(one.socket.destroyed, false);
    assert.ok(one.looks > 100);
    one.socket.destroy();
  });
});

Deno.test("a connection that is answered during the check stays open, though it sends another request", async () => {
  await inFastTime(async () => {
    const { socket } = connection(false, 5_000);
    socket.write("select");
    await sleep(32_000);
    socket.push("1");
    await sleep(1);
    socket.write("select");
    await sleep(20_000);
    assert.equal(socket.destroyed, false);
    socket.destroy();
  });
});

Deno.test("a connection that has its answer, or sent no request, stays open", async () => {
  await inFastTime(async () => {
    const [answered, idle] = [connection(false), connection(false)];
    answered.socket.write("select");
    await sleep(29_000);
    answered.socket.push("1");
    await sleep(10_000_000);
    for (const { socket, looks } of [answered, idle]) {
      assert.deepEqual([socket.destroyed, looks], [false, 0]);
      socket.destroy();
    }
  });
});
