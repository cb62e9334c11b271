import { type Rollup, rollup, schema, shown } from "./query.ts";

/** How long a value stands if nothing newer came, though the feed was covered: a market may be quiet. */
const QUIET = "5 minutes";

/**
 * A query for a line of each symbol, from one that yields `bin`, `symbol` and `value` of quotes. An interval without a quote has the
 * value before it, as quotes stand until the next one, but only where the feed was covered since; else it has none, so that no line is
 * drawn across what is missing.
 */
export const standing = (binned: string, name: string): string => `
      with binned as (
        ${binned.trim()}
      ),
      covered as (
        select symbol, min(covered_from) as since, max(case when is_live then 'infinity' else covered_to end) as until
        from ${schema}.coverage where stream = 'book' and symbol = any(${shown}) group by symbol
      ),
      hole as materialized (
        select symbol, started_at as since, coalesce(ended_at, 'infinity') as until from ${schema}.gap_data
        where stream = 'book' and cause <> 'ids' and state not in ('repaired', 'absent') and symbol = any(${shown})
          and started_at <= $__timeTo() and coalesce(ended_at, 'infinity') >= $__timeFrom()
        union all
        select symbol, covered_to, 'infinity' from ${schema}.unread_feeds where stream = 'book' and symbol = any(${shown})
      ),
      placed as (
        select bin, symbol, value, count(value) over (partition by symbol order by bin) as run,
          -- A hole that ends within an interval that has quotes says nothing of what follows.
          exists (
            select from hole where hole.symbol = all_bins.symbol and hole.since < bin + interval '$__interval'
              and hole.until > case when value is null then bin else bin + interval '$__interval' end
          ) or value is null and (bin >= covered.since and bin < covered.until) is not true as is_hole
        from (
          select bin, symbol from (select distinct symbol from binned) as one,
            (select min(bin) as first, max(bin) as last from binned) as span, generate_series(first, last, '$__interval') as bin
        ) as all_bins
        left join binned using (bin, symbol) left join covered using (symbol)
      )
      select bin as time, symbol as metric, case
          when value is null and not bool_or(is_hole) over run
            and bin - first_value(bin) over run <= greatest(interval '${QUIET}', interval '$__interval')
          then first_value(value) over run else value
        end as ${name}
      from placed window run as (partition by symbol, run order by bin) order by bin
    `;

/**
 * A query for how much came a second of each symbol shown, in the whole intervals of the range up to now: 0 where nothing came. The
 * rollup is up to 3 s behind.
 */
export const perSecond = (table: Rollup, amount: string): string => `
      with one as (
        ${rollup(table, amount)}
      ),
      binned as (
        select date_bin('$__interval', time, 'epoch') as bin, symbol, sum(${amount}) / ($__interval_ms / 1000.0) as value
        from one group by bin, symbol
      ),
      span as (
        select date_bin('$__interval', $__timeFrom()::timestamptz + interval '$__interval' - interval '1 us', 'epoch') as first,
          date_bin('$__interval', least($__timeTo(), now() - interval '3 s'), 'epoch') - interval '$__interval' as last
      )
      select bin as time, symbol as metric, coalesce(value, 0) as rate
      from unnest(${shown}) as symbol cross join span cross join generate_series(first, last, '$__interval') as bin
      left join binned using (bin, symbol)
      where exists (select from ${schema}.${table}_1m as ever where ever.symbol = symbol.symbol)
      order by bin
    `;
