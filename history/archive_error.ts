/** A file of the archive is not what it must be: another attempt reads the same. */
export class ArchiveError extends Error {
  override name = "ArchiveError";
}
