/**
 * What may be answered to a stream of bytes, as steps: which requests are in it, which of them the contract refuses
 * (FRAME-7, FRAME-8, FRAME-9, KEY-1), and whether the connection has to end.
 */
import { FLAG, flagNames } from '../../protocol/flags.ts';
import { operationForm, OPERATIONS, type Presence } from '../../protocol/operations.ts';
import { PROFILES, type Profile } from '../../protocol/profiles.ts';
import type { Expectation, OneExpectation } from '../step.ts';
import type { BinaryDue, Due } from '../wire/due.ts';

/** Errors that a request can earn, whatever else is wrong with it; 500 and JSON's 503 admit a defect (section 3). */
const ERRORS = [400, 401, 403, 404, 409, 413, 422, 423, 429, 507] as const;

const JSON_STATUSES = [200, 400, 401, 403, 404, 405, 413, 423, 429, 507] as const;

function misplaced(presence: Presence, length: number, isKey: boolean): boolean {
  // A required value may be empty, a required key may not.
  if (presence === 'required') return isKey && length === 0;
  return presence === 'none' && length > 0;
}

/** Whether section 4 has the request's opcode, for the profiles that the target is held to (PROFILE-1). */
function isKnown({ operation }: BinaryDue, profiles: ReadonlySet<Profile>): boolean {
  return operation !== undefined && profiles.has(OPERATIONS[operation].profile);
}

/** Whether flags, key and value are those that section 4 gives to the opcode, and fit in the frame. */
export function isWellFormed(due: BinaryDue, profiles: ReadonlySet<Profile>): boolean {
  const { operation, flags, fits, key, value } = due;
  if (operation === undefined || !fits || !isKnown(due, profiles)) return false;
  const form = operationForm(operation, (flags & FLAG.PREFIX) !== 0);
  if (form === undefined || misplaced(form.key, key.length, true) || misplaced(form.value, value.length, false)) {
    return false;
  }
  const unclaimed = (Object.keys(PROFILES) as Profile[]).filter((profile) => !profiles.has(profile));
  const refused = new Set<string>(unclaimed.flatMap((profile): readonly string[] => PROFILES[profile].flags));
  return flagNames(flags).every((name) => form.flags.includes(name) && !refused.has(name));
}

/** What a request may be answered with. Nothing is said about well-formed requests but that no defect shows. */
export function permitted(due: Due, profiles: ReadonlySet<Profile>): Expectation {
  if (due.kind === 'json') return { anyOf: JSON_STATUSES.map((json) => ({ json })) };
  if (due.kind === 'framing') {
    return {
      anyOf: [
        { as: 'answered', status: due.status },
        { as: 'closed without a reply', closed: true },
      ],
    };
  }
  if (!isKnown(due, profiles)) return { status: due.fits ? 405 : [400, 405] };
  if (!isWellFormed(due, profiles)) return { status: ERRORS };
  const any = { status: [200, 206, ...ERRORS] };
  if (due.operation !== 'GET') return any;
  const withFields: OneExpectation[] = [
    { ...any, tag: 'any' },
    { ...any, ttl: 'any' },
    { ...any, tag: 'any', ttl: 'any' },
  ];
  return { anyOf: [any, ...withFields] };
}

/** The operations that touch nothing but what their replies show. */
const READS: ReadonlySet<string> = new Set(['HELLO', 'PING', 'STATS', 'QUIT', 'META', 'COUNT', 'KEYS', 'SYNC']);

/**
 * Whether a request, however a server reads it, stays within the fuzzer's own keys: the target may hold somebody's
 * data, and what the fuzzer does not touch is checked to be as it was.
 *
 * @param space what all keys of the fuzzer begin with
 */
export function isHarmless(due: Due, space: Buffer): boolean {
  if (due.kind === 'framing') return true;
  if (due.kind === 'json') return isHarmlessJson(due.text, space);
  // That RESET, carried out by mistake, removes everything is no discovery; failed AUTHs may end the connection.
  if (due.operation === 'RESET' || due.operation === 'AUTH') return false;
  if (due.operation === undefined || READS.has(due.operation)) return true;
  if (due.key.subarray(0, space.length).equals(space)) return true;
  return (due.flags & FLAG.PREFIX) === 0 && (!due.fits || due.key.length === 0);
}

/** A key that is not the fuzzer's could be anybody's; of RST there must be no trace, as a lax parser may find it. */
function isHarmlessJson(text: string, space: Buffer): boolean {
  if (/rst|\\u00[4-7]/i.test(text)) return false;
  const keys = [...text.matchAll(/"key"\s*:\s*"([^"]*)/gi)];
  return keys.every(([, key = '']) => key === '' || key.startsWith(space.toString('latin1')));
}
