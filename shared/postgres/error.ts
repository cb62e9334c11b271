/** SQLSTATE classes and codes of transient errors. PostgreSQL: appendix A, "Error Codes". */
const passing = /^(08|53|57P|58)|^(40001|40P01|25006|55P03|57014|55006)$/;

/** Whether a retry can succeed: there is no connection, a full disk, a lock, a failover. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return false;
  // An SQLSTATE has five characters. Longer codes come from the network: ECONNREFUSED, CONNECTION_CLOSED.
  return code.length === 5 && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("EPIPE")
    ? passing.test(code)
    : true;
}

/** Data exceptions, violated constraints, limits such as the length of an index entry, and errors that a PL/pgSQL trigger raises. */
const refusing = /^(22|23|54|P0)/;

/** The bytes do not match the column's type. A user altered the column; the row is good. */
const malformed = /^22P0[34]$/;

/**
 * Whether the row's content may be the cause. The code is not enough: a column or a trigger that a user added refuses good rows
 * with the same codes. So `isolateRefused` also looks at whether the other rows of the batch are accepted.
 */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  // If a partition is missing, the server names no constraint. The row is good.
  const isUnplaced = code === "23514" && !(error as { constraint_name?: string }).constraint_name;
  return refusing.test(code) && !malformed.test(code) && !isUnplaced;
}

/** SQLSTATE 57014: a timeout or a user cancelled the statement. */
export function isCancelled(error: unknown): boolean {
  return codeOf(error) === "57014";
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown })?.code;
  return typeof code === "string" ? code : undefined;
}
