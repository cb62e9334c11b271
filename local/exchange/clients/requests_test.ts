import assert from "node:assert/strict";
import { answer } from "./requests.ts";

const current = { streams: new Set(["btcusdt@kline_1m", "ethusdt@markPrice@1s"]), isCombined: false };
const ask = (request: unknown, most = 200) =>
  answer(typeof request === "string" ? request : JSON.stringify(request), current, most);

Deno.test("a frame that is not a request is answered with the reason, in the exchange's words", () => {
  assert.equal(
    ask({ method: "NOT_A_METHOD", id: 4 }).reply,
    '{"error":{"code":2,"msg":"Invalid request: unknown variant `NOT_A_METHOD`, expected one of `SUBSCRIBE`, ' +
      '`UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"},"id":4}',
  );
  assert.match(ask("hello").reply, /^\{"error":\{"code":3,"msg":"Invalid JSON/);
  assert.match(ask({ id: 3 }).reply, /"code":2,"msg":"Invalid request: missing field `method`.*"id":3/);
  assert.match(ask("null").reply, /missing field `method`/);
  for (const id of [-1, 1.5, true, null, "", "a b", "a".repeat(37), undefined]) {
    assert.match(ask({ method: "SUBSCRIBE", params: ["a"], id }).reply, /must be an unsigned integer/);
  }
  assert.match(ask({ method: "SUBSCRIBE", params: "a", id: 1 }).reply, /"code":2/);
  const property = (method: string, ...params: unknown[]) => ask({ method, params, id: 1 }).reply;
  assert.match(property("GET_PROPERTY", "colour"), /"code":0,"msg":"Unknown property"/);
  assert.match(
    property("SET_PROPERTY", "combined", 1),
    /"code":1,"msg":"Invalid value type: expected Boolean"/,
  );
  assert.match(property("SET_PROPERTY"), /"code":2,"msg":"Invalid request: property name must be a string"/);
});

Deno.test("a stream too many is refused, and none of that request is subscribed", () => {
  assert.deepEqual(ask({ method: "SUBSCRIBE", params: ["btcusdt@kline_1m", "b", "c"], id: 1 }, 3), {
    reply: '{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}',
    subscribed: [],
    unsubscribed: [],
    isCombined: false,
  });
});

Deno.test("subscribing and unsubscribing are acknowledged, whatever the stream", () => {
  assert.deepEqual(ask({ method: "SUBSCRIBE", params: ["nonsense@kline_1m"], id: 1 }), {
    reply: '{"result":null,"id":1}',
    subscribed: ["nonsense@kline_1m"],
    unsubscribed: [],
    isCombined: false,
  });
  assert.deepEqual(ask({ method: "UNSUBSCRIBE", params: ["btcusdt@kline_1m"], id: 2 }), {
    reply: '{"result":null,"id":2}',
    subscribed: [],
    unsubscribed: ["btcusdt@kline_1m"],
    isCombined: false,
  });
});

Deno.test("the list of subscriptions is that of the connection", () => {
  const { reply } = ask({ method: "LIST_SUBSCRIPTIONS", id: 2 });
  assert.equal(reply, '{"result":["btcusdt@kline_1m","ethusdt@markPrice@1s"],"id":2}');
});

Deno.test("an id is returned unchanged, text as well as a number of 64 bits", () => {
  for (const id of ["1", "18446744073709551615", '"486bd5d90fe291a7f98cc7a1916164d3"', '"1"']) {
    assert.equal(
      ask(`{"method":"SUBSCRIBE","params":["a"],"id":${id}}`).reply,
      `{"result":null,"id":${id}}`,
    );
  }
});

Deno.test("the property `combined` is read and changed", () => {
  assert.equal(ask({ method: "GET_PROPERTY", params: ["combined"], id: 1 }).reply, '{"result":false,"id":1}');
  const { reply, isCombined } = ask({ method: "SET_PROPERTY", params: ["combined", true], id: 2 });
  assert.deepEqual([reply, isCombined], ['{"result":null,"id":2}', true]);
});
