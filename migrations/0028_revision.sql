-- Where a candle comes from. A closed one may be replaced by the archive's version, and either by REST's.

alter table websocket.kline_data
  add column revision bigint not null default 0 constraint kline_data_revision_check check (revision between 0 and 2),
  alter column first_trade_id drop not null,
  alter column last_trade_id drop not null;

comment on column websocket.kline_data.revision is
  '0: from the socket, 1: from the exchange''s archive of files, 2: from its REST API.';
comment on column websocket.kline_data.event_time is
  'The exchange''s time of the update; of a candle of revision 1 or 2 when it was fetched.';
comment on column websocket.kline_data.first_trade_id is
  'Only the socket tells the ids of trades: null where no version that came by it was stored.';
comment on table websocket.kline_data is
  'Candles. A closed one is never reopened. Of two versions in the same state the one of the greater revision is kept, of one revision '
  'the one with the later event_time.';
