/** SQLSTATE classes and codes that waiting can mend. PostgreSQL: appendix A, "Error Codes". */
const passing = /^(08|53|57P|58)|^(40001|40P01|25006|55P03|57014|55006)$/;

/** Whether waiting can mend this error: no connection, no room, a lock, a fail-over. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  // Five characters are an SQLSTATE; what is longer is of the network: ECONNREFUSED, CONNECTION_CLOSED.
  return code.length === 5 && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("EPIPE")
    ? passing.test(code)
    : true;
}

/** Data exceptions, broken constraints, limits such as the length of an index entry, and what a PL/pgSQL trigger raises. */
const refusing = /^(22|23|54|P0)/;

/** Bytes that are not what a column's type is sent as: it is the column that differs. */
const malformed = /^22P0[34]$/;

/**
 * Whether a row may be refused for what it holds. The code alone can't tell: a column or a trigger that somebody added
 * refuses good rows by the same codes. Whether others beside it are taken does (`sift`).
 */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  // Of a row without a partition no constraint is named: it is the partition that is missing.
  const isUnplaced = code === "23514" && !(error as { constraint_name?: string }).constraint_name;
  return refusing.test(code) && !malformed.test(code) && !isUnplaced;
}

/** SQLSTATE 57014: the statement took longer than somebody allows, or was cancelled by hand. */
export function isCancelled(error: unknown): boolean {
  return codeOf(error) === "57014";
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown })?.code;
  return typeof code === "string" ? code : undefined;
}
