import { describe, expect, test } from 'vitest';
import { errorCodeOfStatus, ERRORS, SpeicherError, type ErrorCode } from './errors.ts';
import { STATUSES } from './statuses.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];
const withStatus = codes.flatMap((code) => {
  const entry = ERRORS[code];
  return 'status' in entry ? [{ code, ...entry }] : [];
});

describe('the table of errors', () => {
  test('has one code for every status from 400 on', () => {
    const statuses = Object.values(STATUSES).map(({ status }) => status);
    const errors = statuses.filter((status) => status >= 400);
    expect(withStatus).toHaveLength(errors.length);
    expect(new Set(withStatus.map(({ status }) => status))).toEqual(new Set(errors));
    for (const { code, status } of withStatus) expect(errorCodeOfStatus(status)).toBe(code);
  });

  test('names them after the statuses', () => {
    const names = new Map<number, string>(Object.entries(STATUSES).map(([name, { status }]) => [status, name]));
    for (const { code, status } of withStatus) expect(code).toBe(`SPEICHER_${names.get(status)}`);
  });

  test('has no code for what is no error', () => {
    expect([0, 200, 206, 399, 418, 499].map(errorCodeOfStatus)).toEqual(Array.from({ length: 6 }));
  });

  test('calls rejected whatever the server refused (STATUS-3)', () => {
    expect(new Set(withStatus.map(({ outcome }) => outcome))).toEqual(new Set(['rejected']));
  });

  test('has codes and messages that are told apart', () => {
    for (const code of codes) expect(code).toMatch(/^SPEICHER_[A-Z]+(_[A-Z]+)*$/);
    expect(new Set(codes.map((code) => ERRORS[code].message)).size).toBe(codes.length);
  });
});

describe('an error', () => {
  test.each(codes)('%s has what its table says', (code) => {
    const error = new SpeicherError(code);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SpeicherError', code, message: ERRORS[code].message });
    expect([error.retryable, error.outcome]).toEqual([ERRORS[code].retryable, ERRORS[code].outcome]);
    expect(error.status).toBe(withStatus.find((each) => each.code === code)?.status);
    expect('cause' in error).toBe(false);
  });

  test('tells the detail behind the message, the cause, and an outcome that is known better', () => {
    const cause = new Error('ECONNRESET');
    const error = new SpeicherError('SPEICHER_CONNECTION_LOST', 'in mid-frame', { cause, outcome: 'not-sent' });
    expect(error.message).toBe('the connection was lost: in mid-frame');
    expect(error.cause).toBe(cause);
    expect(error.outcome).toBe('not-sent');
  });

  test('keeps a cause that is undefined: it was thrown', () => {
    expect('cause' in new SpeicherError('SPEICHER_CONNECT', 'x', { cause: undefined })).toBe(true);
  });
});
