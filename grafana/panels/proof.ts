import { schema, table } from "../query.ts";
import { alarm, column, tablePanel } from "../style.ts";

/** Which candles are proven by their trades. */
export const proof = () =>
  tablePanel(
    "Proof",
    "Candles of a minute that equal the sum of their trades, by symbol and day in UTC. Of: minutes of the day that are over. Judged: compared " +
      "with their trades. Not judged are those that a gap of trades touches, whose trades are not kept, or may be under way. Edge: one " +
      "aggregated trade across the minute's boundary explains the difference. Days with candles that differ come first.",
  )
    .withTarget(table(`
      select to_char(day, 'YYYY-MM-DD') as "Day", symbol as "Symbol", equal_trades as "Equal to trades", expected as "Of", present as "Present",
        judged_trades as "Judged", in_gap as "In a gap", without_trades as "No trades", waiting as "Waiting", edge as "Edge",
        differs as "Differ"
      from ${schema}.audit_days
      where interval = '1m' and day >= ($__timeFrom()::timestamptz at time zone 'UTC')::date
        and day <= ($__timeTo()::timestamptz at time zone 'UTC')::date
      order by differs = 0, day desc, symbol limit 1000
    `))
    .overrideByName("Day", column(100))
    .overrideByName("Symbol", column(140))
    .overrideByName("Equal to trades", column(130, "none"))
    .overrideByName("Of", column(90, "none"))
    .overrideByName("Present", column(90, "none"))
    .overrideByName("Judged", column(90, "none"))
    .overrideByName("In a gap", column(90, "none"))
    .overrideByName("No trades", column(100, "none"))
    .overrideByName("Waiting", column(90, "none"))
    .overrideByName("Edge", column(90, "none"))
    .overrideByName("Differ", alarm(90, "none", [1, 1]));
