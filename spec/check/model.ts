/**
 * One key as it behaves if requests come one after another: what the checker holds concurrent histories against. It is
 * written from sections 4 and 9 of the contract and shares nothing with a server.
 */
import { I64_MAX, I64_MIN } from '../../protocol/limits.ts';

/** A request for one key, as far as the model knows them. Values are compared as texts. */
export type Input =
  | { readonly op: 'GET' }
  | { readonly op: 'SET'; readonly value: string; readonly version?: bigint }
  | { readonly op: 'ADD'; readonly value: string }
  | { readonly op: 'DELETE'; readonly version?: bigint }
  /** With `initial` a missing item is created with that number. */
  | { readonly op: 'INCREMENT'; readonly by: bigint; readonly initial?: bigint };

/** What its reply said. Without DETAIL there is no version. */
export interface Output {
  readonly status: number;
  readonly value?: string;
  readonly version?: bigint;
  readonly number?: bigint;
}

export interface State {
  /** Undefined: there is no such item. */
  readonly value: string | undefined;
  /** Undefined: no reply has told it yet. */
  readonly version: bigint | undefined;
  /** The greatest version that the key was seen to have. */
  readonly latest: bigint;
}

export const ABSENT: State = { value: undefined, version: undefined, latest: 0n };

const DECIMAL = /^-?[0-9]{1,19}$/;

/** The value as a number that INCREMENT takes (INCREMENT-1). */
function decimalOf(value: string): bigint | undefined {
  const number = DECIMAL.test(value) ? BigInt(value) : undefined;
  return number === undefined || number < I64_MIN || number > I64_MAX ? undefined : number;
}

/** After a write: VERSION-1 wants each version above those before. */
function written(state: State, value: string, output: Output | undefined): State | undefined {
  const version = output?.version;
  if (version === undefined) return { value, version: undefined, latest: state.latest };
  return version > state.latest ? { value, version, latest: version } : undefined;
}

/** The state once it is known that the item has, or has not, a version; undefined if that contradicts it. */
function withVersion(state: State, version: bigint, isEqual: boolean): State | undefined {
  if (state.version !== undefined) return (state.version === version) === isEqual ? state : undefined;
  if (!isEqual) return state;
  return version > state.latest ? { ...state, version, latest: version } : undefined;
}

/** What is left of a condition on the version: the state in which the request goes on, if it does (VERSION-2). */
function conditional(state: State, version: bigint | undefined, output: Output | undefined): State | undefined {
  return version === undefined || state.value === undefined
    ? state
    : withVersion(state, version, output?.status !== 409);
}

/**
 * The state after a request that got this reply, or undefined if it cannot have got it in this state. Without an output
 * nobody knows the reply; the state is then that after a success, as a request that failed changes nothing.
 */
export function step(state: State, input: Input, output: Output | undefined): State | undefined {
  if (input.op === 'GET') return read(state, output);
  if (input.op === 'INCREMENT') return increment(state, input, output);
  const { value } = state;
  const status = output?.status ?? 200;
  if (input.op === 'ADD') {
    if (value !== undefined) return status === 409 ? state : undefined;
    return status === 200 ? written(state, input.value, output) : undefined;
  }
  const known = conditional(state, input.version, output);
  if (known === undefined) return undefined;
  const needsItem = input.op === 'DELETE' || input.version !== undefined;
  if (value === undefined && needsItem) return status === 404 ? known : undefined;
  if (status === 409) return input.version === undefined ? undefined : known;
  if (status !== 200) return undefined;
  if (input.op === 'SET') return written(known, input.value, output);
  return { value: undefined, version: undefined, latest: known.latest };
}

function read(state: State, output: Output | undefined): State | undefined {
  if (output === undefined) return state;
  if (state.value === undefined) return output.status === 404 ? state : undefined;
  if (output.status !== 200 || output.value !== state.value) return undefined;
  return output.version === undefined ? state : withVersion(state, output.version, true);
}

function increment(
  state: State,
  { by, initial }: Extract<Input, { op: 'INCREMENT' }>,
  output: Output | undefined,
): State | undefined {
  const status = output?.status ?? 200;
  if (state.value === undefined && initial === undefined) return status === 404 ? state : undefined;
  const present = state.value === undefined ? undefined : decimalOf(state.value);
  const sum = state.value === undefined ? initial : present === undefined ? undefined : present + by;
  if (sum === undefined || sum < I64_MIN || sum > I64_MAX) return status === 422 ? state : undefined;
  if (status !== 200 || (output !== undefined && output.number !== sum)) return undefined;
  return written(state, String(sum), output);
}

/** Whether the request, with this reply, does not change anything in any state. */
export function isWithoutEffect(input: Input, output: Output | undefined): boolean {
  return input.op === 'GET' || (output !== undefined && output.status !== 200);
}

/** Whether the request, with this reply, fits every state, and what follows does not depend on which it was. */
export function isOverwrite(input: Input, output: Output | undefined): boolean {
  return input.op === 'SET' && input.version === undefined && (output === undefined || output.status === 200);
}

/** The state directly behind a write that took place, for whoever only asks what fits there; undefined: not known. */
export function stateBehind(input: Input, output: Output | undefined): State | undefined {
  if (input.op === 'GET') return undefined;
  if (input.op === 'DELETE') return ABSENT;
  if (input.op === 'INCREMENT') {
    return output?.number === undefined ? undefined : written(ABSENT, String(output.number), output);
  }
  return written(ABSENT, input.value, output);
}
