/** The TAGs in use between clients (section 7): what a value's bytes mean. A server only keeps them. */
export const TAG = {
  BYTES: 0,
  TEXT: 1,
  INTEGER: 2,
  JSON: 3,
  MESSAGE_PACK: 4,
} as const;

/** Added to one of the above: the bytes are one LZ4 frame. */
export const TAG_LZ4 = 256;

/** Added to one of the above: the bytes are one Zstandard frame. */
export const TAG_ZSTD = 512;
