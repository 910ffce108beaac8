/**
 * Bounds that the contract itself sets. What a server chooses within them stands with the server's options.
 */

/** TRANSPORT-1: the port on which a server listens unless it is told otherwise. */
export const DEFAULT_PORT = 14567;

/** The version of the contract, as HELLO gives it (HELLO-1). */
export const PROTOCOL_VERSION = 1;

/** KEY-4: every server takes keys of up to this many bytes. */
export const KEY_BYTES_FLOOR = 250;

/** KEY-4: the key length is a u16. */
export const KEY_BYTES_CEILING = 0xffff;

/** KEY-4: every server takes values of up to this many bytes. */
export const VALUE_BYTES_FLOOR = 1024;

/** HELLO-1: `max-frame` is at least `max-key` + `max-value` + this many bytes. */
export const FRAME_BYTES_OVERHEAD = 64;

/** FRAME-3, FRAME-4: a length with the top bit set is malformed, whatever the server's limit. */
export const FRAME_BYTES_CEILING = 0x7fff_ffff;

/** JSON-3: every server takes JSON values nested this many levels deep. */
export const JSON_DEPTH_FLOOR = 64;

/** VERSION-1, LOCK-1, EXPIRY-2: versions, tokens and honoured TTLs end here (2^53 − 1). */
export const COUNTER_MAX = Number.MAX_SAFE_INTEGER;

/** INCREMENT-1: the range of an i64. */
export const I64_MIN = -(2n ** 63n);
export const I64_MAX = 2n ** 63n - 1n;
