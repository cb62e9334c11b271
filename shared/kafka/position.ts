/** Messages that Kafka deleted before they were read. */
export interface Lost {
  readonly partition: number;
  /** The first one's offset. */
  readonly from: number;
  /** The offset of the oldest message that is left, or of the next to come. */
  readonly to: number;
}

/** Of each of a topic's partitions: the offset of its first message, and the one after its last. */
export type Extent = readonly { readonly partition: number; readonly low: number; readonly high: number }[];

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, number>;

/** Where the partitions begin. */
export function beginningsOf(extent: Extent): Offsets {
  return new Map(extent.map(({ partition, low }) => [partition, low]));
}

/** Where the partitions end. */
export function endsOf(extent: Extent): Offsets {
  return new Map(extent.map(({ partition, high }) => [partition, high]));
}

/**
 * Where a reader goes on that was to read a partition from `next` on. Where the oldest messages were deleted it goes on at the oldest one that
 * is left, and `lost` names those in between. Where the partition ends before `next` it was made anew or truncated, and is read
 * from its beginning.
 */
export function goOn(
  { partition, low, high }: Extent[number],
  next: number,
): { readonly next: number; readonly lost?: Lost } {
  if (next < low) return { next: low, lost: { partition, from: next, to: low } };
  return { next: next > high ? low : next };
}
