import assert from "node:assert/strict";
import { answer } from "./requests.ts";

const current = new Set(["btcusdt@kline_1m", "ethusdt@markPrice@1s"]);
const ask = (request: unknown, most = 200) =>
  answer(typeof request === "string" ? request : JSON.stringify(request), current, most);

Deno.test("what is no request is told why, in the words of the recordings", () => {
  assert.equal(
    ask({ method: "NOT_A_METHOD", id: 4 }).reply,
    '{"error":{"code":2,"msg":"Invalid request: unknown variant `NOT_A_METHOD`, expected one of `SUBSCRIBE`, ' +
      '`UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"},"id":4}',
  );
  assert.match(ask("hello").reply, /^\{"error":\{"code":3,"msg":"Invalid JSON/);
  assert.match(ask({ id: 3 }).reply, /"code":2,"msg":"Invalid request: missing field `method`.*"id":3/);
  assert.match(ask("null").reply, /missing field `method`/);
  assert.match(ask({ method: "SUBSCRIBE", params: ["a"], id: -1 }).reply, /must be an unsigned integer/);
  assert.match(ask({ method: "SUBSCRIBE", params: "a", id: 1 }).reply, /"code":2/);
  assert.match(ask({ method: "GET_PROPERTY", params: ["combined"], id: 1 }).reply, /"code":0/);
});

Deno.test("a stream too many is refused, and none of that request is subscribed", () => {
  assert.deepEqual(ask({ method: "SUBSCRIBE", params: ["btcusdt@kline_1m", "b", "c"], id: 1 }, 3), {
    reply: '{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}',
    subscribed: [],
    unsubscribed: [],
  });
});

Deno.test("subscribing and unsubscribing are acknowledged, whatever the stream", () => {
  assert.deepEqual(ask({ method: "SUBSCRIBE", params: ["nonsense@kline_1m"], id: 1 }), {
    reply: '{"result":null,"id":1}',
    subscribed: ["nonsense@kline_1m"],
    unsubscribed: [],
  });
  assert.deepEqual(ask({ method: "UNSUBSCRIBE", params: ["btcusdt@kline_1m"], id: 2 }), {
    reply: '{"result":null,"id":2}',
    subscribed: [],
    unsubscribed: ["btcusdt@kline_1m"],
  });
});

Deno.test("the list of subscriptions is that of the connection", () => {
  const { reply } = ask({ method: "LIST_SUBSCRIPTIONS", id: 2 });
  assert.equal(reply, '{"result":["btcusdt@kline_1m","ethusdt@markPrice@1s"],"id":2}');
});
