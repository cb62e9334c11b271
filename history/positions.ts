import { columnName } from "../shared/columns.ts";
import type { Stream, StreamMessage } from "../shared/stream.ts";
import { lengthOf } from "./interval.ts";

/** The positions of a symbol's rows as SQL has them: ids of trades, or times of candles in ms since the epoch. */
export interface Positions {
  /** The column that tells the position. */
  readonly column: string;
  /** How far the positions of neighbours are apart: 1, or a candle's length. */
  readonly step: number;
  /** The position of a value of the column. */
  of(value: string): string;
  /** The column's value at a position. */
  at(position: string): string;
}

/** The positions of a stream's rows. */
export function positionsOf<M extends StreamMessage>({ archive }: Stream<M>, interval: string): Positions {
  const { id, time } = archive!;
  if (id) return { column: columnName(id), step: 1, of: (value) => value, at: (position) => position };
  return {
    column: columnName(time),
    step: lengthOf(interval)!,
    of: (value) => `(extract(epoch from ${value}) * 1000)::bigint`,
    at: (position) => `to_timestamp(${position} / 1000.0)`,
  };
}

/**
 * An expression for the positions that rows have, as an int8multirange: each run without a jump is a range.
 * @param rows `from … where …`; no two rows have the same position
 */
export function heldIn({ column, step, of }: Positions, rows: string): string {
  const [first, last] = [of(`min(${column})`), of(`max(${column})`)];
  // Rows without a jump, which are usual, are told by their number: looking for jumps takes several times as long.
  return `(select case
      when count(*) = 0 then '{}'::int8multirange
      when count(*) * ${step} = ${last} - ${first} + ${step} then int8multirange(int8range(${first}, ${last} + ${step}))
      else (
        select int8multirange(int8range(min(position), max(position) + ${step})) - coalesce(
          range_agg(int8range(position + ${step}, next)) filter (where next > position + ${step}), '{}')
        from (
          select position, lead(position) over (order by position) as next
          from (select ${of(column)} as position ${rows}) as one
        ) as pair)
      end ${rows})`;
}
