/**
 * The statuses of section 3 and what they mean (STATUS-1), in one table; names, messages and reverse maps are derived
 * from it.
 */

interface StatusEntry {
  readonly status: number;
  /** A short explanation, the default text of an error reply (FRAME-11). */
  readonly message: string;
  readonly clause: string;
}

export const STATUSES = {
  OK: { status: 200, message: 'carried out', clause: 'STATUS-1' },
  PARTIAL: { status: 206, message: 'carried out, and there is more to ask for', clause: 'LIST-3' },
  BAD_REQUEST: { status: 400, message: 'malformed request', clause: 'STATUS-1' },
  UNAUTHENTICATED: { status: 401, message: 'AUTH is needed first, or it failed', clause: 'AUTH-1' },
  FORBIDDEN: { status: 403, message: 'authenticated, but not allowed', clause: 'STATUS-1' },
  NOT_FOUND: { status: 404, message: 'no such key, or nothing was changed under the prefix', clause: 'STATUS-1' },
  UNKNOWN_OPCODE: { status: 405, message: 'no such opcode, or not offered here', clause: 'FRAME-8' },
  CONFLICT: { status: 409, message: 'the key exists, or VERSION does not match', clause: 'VERSION-2' },
  TOO_LARGE: { status: 413, message: "key, value or frame above the server's limits", clause: 'KEY-3' },
  NOT_A_NUMBER: {
    status: 422,
    message: 'the value is no decimal i64, or the sum would overflow',
    clause: 'INCREMENT-2',
  },
  LOCKED: { status: 423, message: 'locked by somebody else', clause: 'LOCK-3' },
  TOO_MANY: { status: 429, message: 'a limit on connections or requests is reached', clause: 'TRANSPORT-7' },
  INTERNAL: { status: 500, message: 'a defect of the server', clause: 'STATUS-1' },
  UNAVAILABLE: { status: 503, message: 'starting, stopping, or storage out of reach', clause: 'STATUS-1' },
  OUT_OF_MEMORY: { status: 507, message: 'no room, and nothing may be evicted', clause: 'STATUS-1' },
} as const satisfies Record<string, StatusEntry>;

export type StatusName = keyof typeof STATUSES;

/** The number of each status by its name: `STATUS.NOT_FOUND` is 404. */
export const STATUS = Object.fromEntries(Object.entries(STATUSES).map(([name, { status }]) => [name, status])) as {
  readonly [Name in StatusName]: (typeof STATUSES)[Name]['status'];
};

export type Status = (typeof STATUSES)[StatusName]['status'];

const nameByStatus: ReadonlyMap<number, StatusName> = new Map(
  Object.entries(STATUSES).map(([name, { status }]) => [status, name as StatusName]),
);

/** The name of a status, or undefined for a number that section 3 does not have. */
export function statusName(status: number): StatusName | undefined {
  return nameByStatus.get(status);
}

/** STATUS-2: where several errors apply, the earliest in this list should be given. */
export const STATUS_PRECEDENCE: readonly Status[] = [405, 400, 401, 403, 413, 404, 409, 423, 422, 507];
