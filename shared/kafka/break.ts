/**
 * Why messages may be missing between what the group has stored of a partition and those that come next: Kafka's retention deleted
 * some that were not read, or the group has committed nothing, and the partition is read from its beginning.
 */
export type Break = "deleted by retention" | "no offset was committed";

/** Up to which event time messages of a partition were stored, by symbol, in ms since the epoch. */
export type StoredTo = Readonly<Record<string, number>>;
