-- The gaps of all streams. Each hole in a stream is a row.

select websocket.set_aside('gap_data');

create table websocket.gap_data (
  stream      text        not null collate "C",
  symbol      text        not null collate "C",
  started_at  timestamptz not null,
  ended_at    timestamptz not null,
  reason      text        not null collate "C",
  dropped     bigint,
  primary key (stream, symbol, started_at, reason)
);

comment on table websocket.gap_data is
  'Holes in the streams, by the exchange''s clock: the last message before and the first after. dropped: how many, where known.';
