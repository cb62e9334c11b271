-- What grants.sql and the command `retention` read of the tables that earlier migrations made.

insert into websocket.writable values
  ('kline_data', 'insert, update'),
  ('gap_data', 'insert, update'),
  ('worker_data', 'insert, update'),
  ('order_book_data', 'insert'),
  ('stale_seconds', 'insert');

insert into websocket.retention (table_name) values ('worker_data');
