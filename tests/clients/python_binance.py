"""python-binance, as its users write it: prints what it receives of a symbol, and what REST answers for each line of its input.

Arguments: the URL of REST, that of the streams, the symbol. Ends with its input.
"""

import asyncio
import json
import sys
from urllib.parse import urlsplit

from binance import AsyncClient, BinanceSocketManager

url, ws_url, symbol = sys.argv[1:]
AsyncClient.FUTURES_URL = url + urlsplit(AsyncClient.FUTURES_URL).path
BinanceSocketManager.FSTREAM_URL = ws_url + "/"


def tell(kind, data):
    print(json.dumps({"kind": kind, "data": data}), flush=True)


async def listen(kind, socket):
    async with socket as stream:
        while True:
            message = await stream.recv()
            tell(kind, message.get("data", message))


async def main():
    client = AsyncClient()
    streams = BinanceSocketManager(client, max_queue_size=10_000)
    name = symbol.lower()
    tasks = [
        asyncio.create_task(listen(kind, socket))
        for kind, socket in {
            "continuous kline": streams.kline_futures_socket(symbol, interval="1m"),
            "kline": streams.futures_multiplex_socket([f"{name}@kline_1m"]),
            "trade": streams.futures_multiplex_socket([f"{name}@aggTrade"]),
            "book": streams.futures_multiplex_socket([f"{name}@bookTicker"], category="public"),
        }.items()
    ]
    while await asyncio.to_thread(sys.stdin.readline):
        tell("rest klines", await client.futures_klines(symbol=symbol, interval="1m"))
        tell("rest trades", await client.futures_aggregate_trades(symbol=symbol))
        tell("rest book", await client.futures_orderbook_ticker(symbol=symbol))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close_connection()


asyncio.run(main())
