/** A partition's log is not the one that was read before. */
export class LogChangedError extends Error {
  override readonly name = "LogChangedError";
}
