/** One request of a sequence, before it is known what came before it. */

export type SequenceOp =
  | 'GET'
  | 'SET'
  | 'ADD'
  | 'REPLACE'
  | 'APPEND'
  | 'PREPEND'
  | 'DELETE'
  | 'INCREMENT'
  | 'TOUCH'
  | 'LOCK'
  | 'UNLOCK'
  | 'COUNT'
  | 'KEYS';

/** One request, in words that do not depend on what came before it: so that any of them can be left out. */
export interface Draft {
  readonly op: SequenceOp;
  readonly dialect: 'binary' | 'json';
  /** The request is for all keys that start with the key. */
  readonly isPrefix: boolean;
  readonly key: string;
  readonly value: string;
  readonly tag: number;
  readonly expires: boolean;
  readonly number: bigint | undefined;
  readonly detail: boolean;
  readonly quiet: boolean;
  readonly version: 'none' | 'right' | 'wrong';
  readonly token: 'none' | 'right' | 'wrong';
  /** Which of two connections. */
  readonly connection: 0 | 1;
  /** Whether it is written together with the one before it. */
  readonly isJoined: boolean;
}

/** The simplest request that there is. */
export const PLAIN: Draft = {
  op: 'GET',
  dialect: 'binary',
  isPrefix: false,
  key: 'a',
  value: 'v',
  tag: 0,
  expires: false,
  number: undefined,
  detail: false,
  quiet: false,
  version: 'none',
  token: 'none',
  connection: 0,
  isJoined: false,
};
