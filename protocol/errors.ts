/**
 * The errors that a user of speicher meets, in one table: the client and the server's set-up both throw from it, and
 * docs/errors.md explains each. Errors are told apart by `code`, never by their text.
 */
import { STATUS } from './statuses.ts';

/**
 * What became of the request. `not-sent`: nothing of it left, it may be sent again. `unknown`: it may have been carried
 * out. `rejected`: the server refused it and changed nothing (STATUS-3).
 */
export type Outcome = 'not-sent' | 'unknown' | 'rejected';

interface ErrorEntry {
  readonly message: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly outcome: Outcome;
  /** The reply's status where the server sent one. */
  readonly status?: number;
}

export const ERRORS = {
  SPEICHER_CONNECT: { message: 'cannot connect to the server', retryable: true, outcome: 'not-sent' },
  SPEICHER_CLOSED: { message: 'the client is closed', retryable: false, outcome: 'not-sent' },
  SPEICHER_CONNECTION_LOST: { message: 'the connection was lost', retryable: true, outcome: 'unknown' },
  SPEICHER_TIMEOUT: { message: 'no reply within the deadline', retryable: true, outcome: 'unknown' },
  SPEICHER_ABORTED: { message: 'the call was aborted by its signal', retryable: false, outcome: 'unknown' },
  SPEICHER_OVERLOADED: { message: 'too many calls are waiting', retryable: true, outcome: 'not-sent' },
  SPEICHER_MALFORMED_REPLY: {
    message: 'the server sent what is no reply of the protocol',
    retryable: false,
    outcome: 'unknown',
  },
  SPEICHER_UNDECODABLE: { message: 'the value does not fit its TAG', retryable: false, outcome: 'unknown' },
  SPEICHER_OPTION: { message: 'an option is wrong', retryable: false, outcome: 'not-sent' },
  SPEICHER_LISTEN: { message: 'cannot listen', retryable: false, outcome: 'not-sent' },
  SPEICHER_DATA_CORRUPT: { message: 'the data are damaged', retryable: false, outcome: 'not-sent' },
  SPEICHER_DATA_NEWER: { message: 'the data are of a newer version', retryable: false, outcome: 'not-sent' },
  SPEICHER_DATA_IN_USE: { message: 'another process uses the data', retryable: false, outcome: 'not-sent' },
  SPEICHER_STORAGE: { message: 'the storage fails', retryable: false, outcome: 'unknown' },
  SPEICHER_BAD_REQUEST: {
    message: 'the server calls the request malformed',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.BAD_REQUEST,
  },
  SPEICHER_UNAUTHENTICATED: {
    message: 'the server wants a user and password, or refuses these',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.UNAUTHENTICATED,
  },
  SPEICHER_FORBIDDEN: {
    message: 'not allowed to this user',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.FORBIDDEN,
  },
  SPEICHER_NOT_FOUND: {
    message: 'no such key',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.NOT_FOUND,
  },
  SPEICHER_UNKNOWN_OPCODE: {
    message: 'the server does not offer this operation',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.UNKNOWN_OPCODE,
  },
  SPEICHER_CONFLICT: {
    message: 'the key exists, or its version is another',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.CONFLICT,
  },
  SPEICHER_TOO_LARGE: {
    message: "key, value or frame above the server's limits",
    retryable: false,
    outcome: 'rejected',
    status: STATUS.TOO_LARGE,
  },
  SPEICHER_NOT_A_NUMBER: {
    message: 'the value is no decimal 64-bit integer, or the sum would overflow',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.NOT_A_NUMBER,
  },
  SPEICHER_LOCKED: {
    message: 'the item is locked by somebody else',
    retryable: true,
    outcome: 'rejected',
    status: STATUS.LOCKED,
  },
  SPEICHER_TOO_MANY: {
    message: 'a limit of the server on connections or requests is reached',
    retryable: true,
    outcome: 'rejected',
    status: STATUS.TOO_MANY,
  },
  SPEICHER_INTERNAL: {
    message: 'a defect of the server',
    retryable: false,
    outcome: 'rejected',
    status: STATUS.INTERNAL,
  },
  SPEICHER_UNAVAILABLE: {
    message: 'the server is starting, stopping, or its storage is out of reach',
    retryable: true,
    outcome: 'rejected',
    status: STATUS.UNAVAILABLE,
  },
  SPEICHER_OUT_OF_MEMORY: {
    message: 'the server has no room, and may evict nothing',
    retryable: true,
    outcome: 'rejected',
    status: STATUS.OUT_OF_MEMORY,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** The one class of errors; `code` tells which (docs/errors.md). */
export class SpeicherError extends Error {
  override readonly name = 'SpeicherError';
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly outcome: Outcome;
  /** The status of the reply, if there was one. */
  readonly status: number | undefined;

  /**
   * @param code which error of the table
   * @param detail what is special to this one, put behind the table's message
   * @param options `cause`: the error behind it; `outcome`: where it is known better than the table does
   */
  constructor(code: ErrorCode, detail?: string, options: { cause?: unknown; outcome?: Outcome } = {}) {
    const entry: ErrorEntry = ERRORS[code];
    super(
      detail === undefined ? entry.message : `${entry.message}: ${detail}`,
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.code = code;
    this.retryable = entry.retryable;
    this.outcome = options.outcome ?? entry.outcome;
    this.status = entry.status;
  }
}

const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.entries(ERRORS) as [ErrorCode, ErrorEntry][]).flatMap(([code, { status }]) =>
    status === undefined ? [] : [[status, code] as const],
  ),
);

/** The code of the error that stands for a reply's status, or undefined for 2xx and for what the table lacks. */
export function errorCodeOfStatus(status: number): ErrorCode | undefined {
  return codeByStatus.get(status);
}
