-- What bookline_writer may do with the tables of the earlier migrations.

insert into websocket.writable values
  ('kline_data', 'insert, update'),
  ('gap_data', 'insert, update'),
  ('worker_data', 'insert, update'),
  ('order_book_data', 'insert'),
  ('stale_seconds', 'insert');
