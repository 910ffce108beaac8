/** The flags of FRAME-6 and the fields that they announce, in one table, lowest bit first. */

interface FlagEntry {
  readonly bit: number;
  /** Size in bytes of the field that the flag announces; 0 for a flag without a field. */
  readonly fieldBytes: 0 | 4 | 8;
  readonly type: 'u64' | 'u32' | 'i64' | 'none';
  /** Whether a reply may carry the flag too. */
  readonly inReplies: boolean;
  readonly meaning: string;
}

export const FLAGS = {
  TTL: { bit: 0x01, fieldBytes: 8, type: 'u64', inReplies: true, meaning: 'milliseconds; 0: never expires' },
  VERSION: { bit: 0x02, fieldBytes: 8, type: 'u64', inReplies: true, meaning: "the item's version" },
  TAG: { bit: 0x04, fieldBytes: 4, type: 'u32', inReplies: true, meaning: "the client's own mark" },
  NUMBER: { bit: 0x08, fieldBytes: 8, type: 'i64', inReplies: true, meaning: 'a delta, value, count or limit' },
  TOKEN: { bit: 0x10, fieldBytes: 8, type: 'u64', inReplies: true, meaning: "proof of a lock's ownership" },
  DETAIL: { bit: 0x20, fieldBytes: 0, type: 'none', inReplies: false, meaning: 'reply with VERSION; to GET with TTL' },
  PREFIX: { bit: 0x40, fieldBytes: 0, type: 'none', inReplies: false, meaning: 'the key is a prefix' },
  QUIET: { bit: 0x80, fieldBytes: 0, type: 'none', inReplies: false, meaning: 'reply only if there is news' },
} as const satisfies Record<string, FlagEntry>;

export type FlagName = keyof typeof FLAGS;

/** The bit of each flag by its name. */
export const FLAG = Object.fromEntries(Object.entries(FLAGS).map(([name, { bit }]) => [name, bit])) as {
  readonly [Name in FlagName]: (typeof FLAGS)[Name]['bit'];
};

/** The sum of the given flags' bits. */
export function flagBits(names: readonly FlagName[]): number {
  return names.reduce((bits, name) => bits | FLAGS[name].bit, 0);
}

/** The names of the flags set in `bits`, lowest bit first. */
export function flagNames(bits: number): FlagName[] {
  return (Object.keys(FLAGS) as FlagName[]).filter((name) => (bits & FLAGS[name].bit) !== 0);
}

/** For each value of the flags byte, how many bytes of fields it announces. */
export const FIELD_BYTES_BY_FLAGS: Uint8Array = Uint8Array.from({ length: 256 }, (_, bits) =>
  Object.values(FLAGS).reduce((sum, { bit, fieldBytes }) => sum + (bits & bit ? fieldBytes : 0), 0),
);
