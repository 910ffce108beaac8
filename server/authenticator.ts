/** Checks users and passwords (AUTH-1). */
import { createHmac, timingSafeEqual } from 'node:crypto';

const DIVIDER = 0x00;

/** An AUTH request's value, divided. */
export interface Credentials {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
}

/** Divides `user 00 password` at the first 00; undefined if there is none. */
export function divideCredentials(bytes: Uint8Array, start: number, end: number): Credentials | undefined {
  const value = bytes.subarray(start, end);
  const at = value.indexOf(DIVIDER);
  return at < 0 ? undefined : { user: value.subarray(0, at), password: value.subarray(at + 1) };
}

/** Knows users by keyed digests: passwords are not kept, and comparing takes the same time whatever is wrong. */
export class Authenticator {
  readonly #key: Uint8Array;
  readonly #digests: readonly Uint8Array[];

  /**
   * @param accounts `user:password` each; the user may be empty, the password may contain colons
   * @param key random bytes, new for every process
   */
  constructor(accounts: readonly string[], key: Uint8Array) {
    this.#key = key;
    const encoder = new TextEncoder();
    this.#digests = accounts.map((account) => {
      const at = account.indexOf(':');
      return this.#digest({
        user: encoder.encode(account.slice(0, at)),
        password: encoder.encode(account.slice(at + 1)),
      });
    });
  }

  /** Whether one of the accounts has this user and this password. */
  accepts(credentials: Credentials): boolean {
    const digest = this.#digest(credentials);
    let isAccepted = false;
    for (const known of this.#digests) isAccepted = timingSafeEqual(known, digest) || isAccepted;
    return isAccepted;
  }

  #digest({ user, password }: Credentials): Uint8Array {
    const inner = (bytes: Uint8Array) => createHmac('sha256', this.#key).update(bytes).digest();
    // Each part is digested by itself, so that no two accounts can run together into the same bytes.
    return createHmac('sha256', this.#key).update(inner(user)).update(inner(password)).digest();
  }
}
