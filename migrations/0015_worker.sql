-- What the workers say of themselves. One row a worker: the newest of its words.

select websocket.set_aside('worker_data');

create table websocket.worker_data (
  worker        text         not null collate "C",
  host          text         not null collate "C",
  name          text         not null collate "C",
  stream        text         not null collate "C",
  at            timestamptz  not null,
  state         text         not null collate "C",
  reason        text,
  lag           bigint,
  dead_letters  bigint       not null,
  build         text         not null,
  primary key (worker, host, name)
)
-- Each row is updated every 5 s. With room in its page no index is touched.
with (fillfactor = 50);

comment on table websocket.worker_data is
  'What each worker last said of itself, every 5 s. lag: messages that it has still to store or to send. See websocket.workers.';

-- A worker that ended, or that has no Kafka, says nothing more: after 30 s it counts as gone. Its clock and the database's may differ
-- by seconds, not more.
create view websocket.workers as
select
  worker, host, name, stream, at,
  case when at < now() - interval '30 s' then 'gone' else state end as state,
  case when at < now() - interval '30 s' then 'it has said nothing since ' || at else reason end as reason,
  lag, dead_letters, build
from websocket.worker_data;

comment on view websocket.workers is 'The workers and how they are now: ok, waiting, stuck, or gone for 30 s.';
