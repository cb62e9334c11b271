/** The PostgreSQL types of columns, each with the JavaScript type of its field. Times are ms since the epoch, numerics decimal strings. */
export interface ColumnTypes {
  text: string;
  numeric: string;
  bigint: number;
  timestamptz: number;
  boolean: boolean;
  json: object;
}

/** A column's type; with a question mark it takes nulls. */
export type ColumnType = keyof ColumnTypes | `${keyof ColumnTypes}?`;

type TypeFor<V> = { [T in keyof ColumnTypes]: V extends ColumnTypes[T] ? T : never }[keyof ColumnTypes];

/** The types that a column may have for a field of the type `V`. */
export type ColumnFor<V> = null extends V ? `${TypeFor<NonNullable<V>>}?` : TypeFor<V>;

/** The type without its question mark, and whether it had one. */
export function readType(type: ColumnType): { type: keyof ColumnTypes; isNullable: boolean } {
  const isNullable = type.endsWith("?");
  return { type: (isNullable ? type.slice(0, -1) : type) as keyof ColumnTypes, isNullable };
}

/** `openTime` → `open_time`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
}
