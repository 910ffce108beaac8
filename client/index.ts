/** The client of speicher: `new Speicher()`, and the types of what it takes and gives. */
export { SpeicherError, type ErrorCode, type Outcome } from '../protocol/index.ts';
export type { TlsOptions } from './dial.ts';
export type { CallOptions, CloseOptions } from './dispatcher.ts';
export type { Key } from './keys.ts';
export type { Item } from './operations/get.ts';
export type { Hello, Info, Meta, Stats } from './operations/insight.ts';
export type { LockedPrefix } from './operations/locks.ts';
export type * from './operations/options.ts';
export type { SpeicherOptions } from './options.ts';
export { Speicher } from './speicher.ts';
export type { StorableValue, Value, ValueForm, ValueForms } from './values/index.ts';
export type { JsonValue } from './values/json.ts';
