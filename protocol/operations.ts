/**
 * The operations of section 4, in one table. A request has the single form, or the prefix form if it carries PREFIX;
 * what a form does not name gets 400 (FRAME-9). Opcodes, names and limits on shape are derived from here and stand
 * nowhere else.
 */
import type { FlagName } from './flags.ts';
import type { Profile } from './profiles.ts';

/**
 * `K` and `V` of section 4 are `required`, `k` and `v` are `optional`, `—` is `none`. A required value may be empty.
 */
export type Presence = 'required' | 'optional' | 'none';

/** What a 2xx reply's value holds. */
export type ReplyValue = 'none' | 'value' | 'entries';

export interface OperationForm {
  readonly key: Presence;
  readonly value: Presence;
  /** The flags that a request may carry. */
  readonly flags: readonly FlagName[];
  /** What a 2xx reply carries; fields that only come if asked for (DETAIL) are not listed. */
  readonly reply: { readonly value: ReplyValue; readonly fields: readonly FlagName[] };
}

interface OperationEntry {
  readonly opcode: number;
  readonly profile: Profile;
  readonly single: OperationForm;
  readonly prefix?: OperationForm;
  readonly clause: string;
}

const NOTHING = { value: 'none', fields: [] } as const;
const ENTRIES = { value: 'entries', fields: [] } as const;
const COUNTED = { value: 'none', fields: ['NUMBER'] } as const;
const LISTED = { value: 'entries', fields: ['NUMBER'] } as const;

export const OPERATIONS = {
  HELLO: {
    opcode: 0x01,
    profile: 'core',
    single: { key: 'none', value: 'optional', flags: [], reply: ENTRIES },
    clause: 'HELLO-1',
  },
  PING: {
    opcode: 0x02,
    profile: 'core',
    single: { key: 'none', value: 'required', flags: [], reply: { value: 'value', fields: [] } },
    clause: 'PING-1',
  },
  AUTH: {
    opcode: 0x03,
    profile: 'auth',
    single: { key: 'none', value: 'required', flags: [], reply: NOTHING },
    clause: 'AUTH-1',
  },
  STATS: {
    opcode: 0x04,
    profile: 'insight',
    single: { key: 'none', value: 'none', flags: [], reply: ENTRIES },
    clause: 'STATS-1',
  },
  QUIT: {
    opcode: 0x05,
    profile: 'core',
    single: { key: 'none', value: 'none', flags: [], reply: NOTHING },
    clause: 'QUIT-1',
  },
  GET: {
    opcode: 0x10,
    profile: 'core',
    single: {
      key: 'required',
      value: 'none',
      flags: ['TTL', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: { value: 'value', fields: ['TAG'] },
    },
    prefix: { key: 'optional', value: 'optional', flags: ['NUMBER', 'PREFIX'], reply: LISTED },
    clause: 'GET-1',
  },
  SET: {
    opcode: 0x11,
    profile: 'core',
    single: {
      key: 'required',
      value: 'required',
      flags: ['TTL', 'VERSION', 'TAG', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: NOTHING,
    },
    prefix: {
      key: 'optional',
      value: 'required',
      flags: ['TTL', 'TAG', 'TOKEN', 'PREFIX', 'QUIET'],
      reply: COUNTED,
    },
    clause: 'SET-1',
  },
  ADD: {
    opcode: 0x12,
    profile: 'standard',
    single: { key: 'required', value: 'required', flags: ['TTL', 'TAG', 'DETAIL', 'QUIET'], reply: NOTHING },
    clause: 'ADD-1',
  },
  REPLACE: {
    opcode: 0x13,
    profile: 'standard',
    single: {
      key: 'required',
      value: 'required',
      flags: ['TTL', 'VERSION', 'TAG', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: NOTHING,
    },
    clause: 'REPLACE-1',
  },
  APPEND: {
    opcode: 0x14,
    profile: 'standard',
    single: {
      key: 'required',
      value: 'required',
      flags: ['VERSION', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: NOTHING,
    },
    clause: 'APPEND-1',
  },
  PREPEND: {
    opcode: 0x15,
    profile: 'standard',
    single: {
      key: 'required',
      value: 'required',
      flags: ['VERSION', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: NOTHING,
    },
    clause: 'APPEND-1',
  },
  DELETE: {
    opcode: 0x16,
    profile: 'core',
    single: { key: 'required', value: 'none', flags: ['VERSION', 'TOKEN', 'QUIET'], reply: NOTHING },
    prefix: { key: 'optional', value: 'none', flags: ['TOKEN', 'PREFIX', 'QUIET'], reply: COUNTED },
    clause: 'DELETE-1',
  },
  INCREMENT: {
    opcode: 0x17,
    profile: 'standard',
    single: {
      key: 'required',
      value: 'optional',
      flags: ['TTL', 'VERSION', 'NUMBER', 'TOKEN', 'DETAIL', 'QUIET'],
      reply: COUNTED,
    },
    prefix: { key: 'optional', value: 'none', flags: ['NUMBER', 'TOKEN', 'PREFIX', 'QUIET'], reply: COUNTED },
    clause: 'INCREMENT-1',
  },
  TOUCH: {
    opcode: 0x18,
    profile: 'standard',
    single: { key: 'required', value: 'none', flags: ['TTL', 'VERSION', 'TOKEN', 'QUIET'], reply: NOTHING },
    prefix: { key: 'optional', value: 'none', flags: ['TTL', 'TOKEN', 'PREFIX', 'QUIET'], reply: COUNTED },
    clause: 'TOUCH-1',
  },
  LOCK: {
    opcode: 0x19,
    profile: 'locks',
    single: {
      key: 'required',
      value: 'none',
      flags: ['TTL', 'TOKEN'],
      reply: { value: 'none', fields: ['TOKEN'] },
    },
    prefix: {
      key: 'optional',
      value: 'none',
      flags: ['TTL', 'PREFIX'],
      reply: { value: 'none', fields: ['NUMBER', 'TOKEN'] },
    },
    clause: 'LOCK-1',
  },
  UNLOCK: {
    opcode: 0x1a,
    profile: 'locks',
    single: { key: 'required', value: 'none', flags: ['TOKEN', 'QUIET'], reply: NOTHING },
    prefix: { key: 'optional', value: 'none', flags: ['TOKEN', 'PREFIX', 'QUIET'], reply: COUNTED },
    clause: 'LOCK-5',
  },
  META: {
    opcode: 0x1b,
    profile: 'insight',
    single: { key: 'required', value: 'none', flags: [], reply: ENTRIES },
    clause: 'META-1',
  },
  COUNT: {
    opcode: 0x21,
    profile: 'prefix',
    single: { key: 'optional', value: 'none', flags: [], reply: COUNTED },
    clause: 'COUNT-1',
  },
  KEYS: {
    opcode: 0x22,
    profile: 'prefix',
    single: { key: 'optional', value: 'optional', flags: ['NUMBER'], reply: LISTED },
    clause: 'LIST-1',
  },
  RESET: {
    opcode: 0x23,
    profile: 'core',
    single: { key: 'none', value: 'none', flags: ['QUIET'], reply: NOTHING },
    clause: 'RESET-1',
  },
  SYNC: {
    opcode: 0x24,
    profile: 'durable',
    single: { key: 'none', value: 'none', flags: [], reply: NOTHING },
    clause: 'SYNC-1',
  },
} as const satisfies Record<string, OperationEntry>;

export type OperationName = keyof typeof OPERATIONS;

/** The names of all operations, by ascending opcode. */
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** The opcode of each operation by its name. */
export const OPCODE = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { opcode }]) => [name, opcode])) as {
  readonly [Name in OperationName]: (typeof OPERATIONS)[Name]['opcode'];
};

const nameByOpcode: ReadonlyMap<number, OperationName> = new Map(
  Object.entries(OPERATIONS).map(([name, { opcode }]) => [opcode, name as OperationName]),
);

/** The name of a request's opcode, or undefined if section 4 does not assign it. */
export function operationName(opcode: number): OperationName | undefined {
  return nameByOpcode.get(opcode);
}

/** The form that a request of this operation has: with PREFIX the prefix form, if there is one. */
export function operationForm(name: OperationName, withPrefix: boolean): OperationForm | undefined {
  const operation: OperationEntry = OPERATIONS[name];
  return withPrefix ? operation.prefix : operation.single;
}

/** FRAME-5: set in every reply's opcode. */
export const REPLY_BIT = 0x80;
