import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  SpecialValueMatch,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { colours } from "../colours.ts";
import { NOTHING, thresholds } from "../style.ts";

/** Colours, each from a value on; null is from the least on. */
export type Steps = readonly (readonly [number | null, string])[];

/** Without it a panel that has no value has the colour of the least value, which may be green. */
const nothing: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: NOTHING, color: colours.neutral } },
};

/** One value, in the colour that says whether anything is wrong. `texts` are shown in the place of values. */
export function stat(
  title: string,
  description: string,
  steps: Steps,
  texts: Record<string, { text?: string; color: string }> = {},
): Stat {
  return new Stat()
    .title(title)
    .description(description)
    .noValue(NOTHING)
    .mappings([nothing, { type: MappingType.ValueToText, options: texts }])
    .thresholds({ build: () => thresholds(steps) })
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    // A text is a value only if the fields are named.
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("/.*/").values(false))
    .textMode(BigValueTextMode.Value);
}

/** A measure that is bad when it is large: orange from the first value on, red from the second on. */
export const goodUpTo = (warning: number, bad: number): Steps => [
  [null, colours.up],
  [warning, colours.warning],
  [bad, colours.down],
];
