import { expect } from 'vitest';
import { createMapStore } from '../map-store.ts';
import type { Store } from '../../store.ts';
import {
  ManualClock,
  perform,
  type OperationOfStore,
  type Outcome,
  type RequestLiteral,
} from '../../testing/requests.ts';

/** A request with the reply that is expected, or how many milliseconds pass. */
export type ScriptStep = readonly [OperationOfStore, RequestLiteral, Outcome] | readonly ['wait', number];

/** The longest value that APPEND may make in a script, in bytes. */
const VALUE_BYTES_MAX = 8;

export function makeStore(): { store: Store; clock: ManualClock } {
  const clock = new ManualClock();
  return { store: createMapStore({ clock, valueBytesMax: VALUE_BYTES_MAX }), clock };
}

/** Plays a script on an empty store; the message of a failure has the step that went wrong. */
export function play(steps: readonly ScriptStep[]): void {
  const { store, clock } = makeStore();
  steps.forEach((step, at) => {
    if (step[0] === 'wait') {
      clock.advance(step[1]);
    } else {
      const [operation, literal, outcome] = step;
      expect(perform(store, operation, literal), `step ${at}: ${operation}`).toEqual(outcome);
    }
  });
}

/** Outcomes that occur in every script. */
export const OK: Outcome = { status: 200 };
export const NOT_FOUND: Outcome = { status: 404 };
export const CONFLICT: Outcome = { status: 409 };
export const TOO_LARGE: Outcome = { status: 413 };
export const NOT_A_NUMBER: Outcome = { status: 422 };
export const LOCKED: Outcome = { status: 423 };

export const value = (value: string): Outcome => ({ status: 200, value });
export const version = (version: number): Outcome => ({ status: 200, version });
export const number = (number: number | bigint): Outcome => ({ status: 200, number: BigInt(number) });
export const token = (token: number): Outcome => ({ status: 200, token });
