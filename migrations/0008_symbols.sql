-- The symbols that have rows in any stream. The query steps from one symbol to the next in the indexes of the primary keys, so its
-- time does not depend on the number of rows.

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
