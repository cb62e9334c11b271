/**
 * Binance's own client for JavaScript, as its users write it: prints what it receives of a symbol, and what REST answers for
 * each line of its input. Arguments: the URL of REST, that of the streams, the symbol. Ends with its input.
 *
 * Run with `--config binance.json`, which pins the client apart from the workers' dependencies: the name is a variable so that
 * nothing else looks for it.
 */
const pinned: string = "binance";
const { DerivativesTradingUsdsFutures } = await import(pinned);
const [basePath, wsURL, symbol] = Deno.args;
const candles = { symbol, interval: "1m" };
const tell = (kind: string, data: unknown) => console.log(JSON.stringify({ kind, data }));

const { restAPI, websocketStreams } = new DerivativesTradingUsdsFutures({
  configurationRestAPI: { apiKey: "", apiSecret: "", basePath },
  configurationWebsocketStreams: { wsURL },
});
const streams = await websocketStreams.connect();
streams.klineCandlestickStreams(candles).on("message", (data: unknown) => tell("kline", data));
streams.individualSymbolBookTickerStreams({ symbol }).on("message", (data: unknown) => tell("book", data));
streams.aggregateTradeStreams({ symbol }).on("message", (data: unknown) => tell("trade", data));

for await (const _ of Deno.stdin.readable) {
  tell("rest klines", await (await restAPI.klineCandlestickData(candles)).data());
  tell("rest trades", await (await restAPI.compressedAggregateTradesList({ symbol })).data());
  tell("rest book", await (await restAPI.symbolOrderBookTicker({ symbol })).data());
}
Deno.exit();
