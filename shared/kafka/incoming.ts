/** A message as read. */
export interface Incoming {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly offset: string;
  /** Of those that have them, as UTF-8 bytes. */
  readonly headers?: Record<string, Uint8Array | undefined>;
  /** Set where a record batch can't be read: `value` holds its bytes, `offset` is that of its first message. */
  readonly damage?: Damage;
}

/** Why a record batch can't be read. */
export interface Damage {
  readonly cause: string;
  /** How many records it says it has. */
  readonly records: number;
}
