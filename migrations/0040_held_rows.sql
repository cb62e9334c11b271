-- Which rows an imported file has. Rows of it that are deleted from the table later are noticed, whatever else is stored meanwhile.

alter table websocket.archive_files add column held int8multirange;
comment on column websocket.archive_files.held is
  'The rows that the file has: ids of trades, or ms since the epoch from the beginnings of candles to their ends. Null of a file that an '
  'earlier version imported.';
comment on column websocket.archive_files.rows is
  'Of the file''s symbol and time in the table after the import, from whatever source.';
