/** What the load is made of: the operations that `--operations` names, in one table. */
import { FLAG, OPCODE, STATUS, type OperationName, type Status } from '../../protocol/index.ts';

/** Which of the run's keys an operation is for: those of one kind never disturb those of another. */
export type KeySpace = 'values' | 'counters' | 'texts';

interface BenchOperation {
  readonly operation: OperationName;
  readonly space: KeySpace;
  /** `prefix`: the drawn key without its last two digits, under which up to a hundred keys lie. */
  readonly key: 'whole' | 'prefix';
  /** Whether a value of `--value-size` goes with it. */
  readonly hasValue: boolean;
  readonly flags: number;
  /** What else than OK is no error. */
  readonly expected: readonly Status[];
}

export const BENCH_OPERATIONS = {
  get: simple('GET', { expected: [STATUS.NOT_FOUND] }),
  set: simple('SET', { hasValue: true }),
  add: simple('ADD', { hasValue: true, expected: [STATUS.CONFLICT] }),
  delete: simple('DELETE', { expected: [STATUS.NOT_FOUND] }),
  touch: simple('TOUCH', { flags: FLAG.TTL, expected: [STATUS.NOT_FOUND] }),
  increment: simple('INCREMENT', { space: 'counters', expected: [STATUS.NOT_FOUND] }),
  append: simple('APPEND', { space: 'texts', hasValue: true, expected: [STATUS.NOT_FOUND] }),
  count: simple('COUNT', { key: 'prefix' }),
  keys: simple('KEYS', { key: 'prefix', flags: FLAG.NUMBER, expected: [STATUS.PARTIAL, STATUS.NOT_FOUND] }),
} as const satisfies Record<string, BenchOperation>;

export type BenchOperationName = keyof typeof BENCH_OPERATIONS;

export const BENCH_OPERATION_NAMES = Object.keys(BENCH_OPERATIONS) as readonly BenchOperationName[];

/** TOUCH sets this much: no item may go during a run. */
export const TOUCH_TTL_MS = 24 * 3_600_000;

/** KEYS asks for at most so many: all that can lie under its prefix. */
export const KEYS_LIMIT = 100n;

/** Every key ends with so many digits. */
export const KEY_DIGITS = 9;

/** Digits that COUNT and KEYS leave off. */
export const PREFIX_DIGITS_OFF = 2;

function simple(operation: OperationName, differing: Partial<BenchOperation> = {}): BenchOperation {
  return { operation, space: 'values', key: 'whole', hasValue: false, flags: 0, expected: [], ...differing };
}

/** The opcode on the wire. */
export function opcodeOf(name: BenchOperationName): number {
  return OPCODE[BENCH_OPERATIONS[name].operation];
}
