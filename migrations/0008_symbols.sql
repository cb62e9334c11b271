-- The symbols that any stream has rows of. It steps from one to the next in the keys' indexes, however many rows each has.

create view websocket.symbols as
with recursive listed (symbol) as (
  select least(
    (select min(symbol) from websocket.kline_data),
    (select min(symbol) from websocket.order_book_1m)
  )
  union all
  select least(
    (select min(symbol) from websocket.kline_data where symbol > listed.symbol),
    (select min(symbol) from websocket.order_book_1m where symbol > listed.symbol)
  )
  from listed
  where listed.symbol is not null
)
select symbol from listed where symbol is not null;
