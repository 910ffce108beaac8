/** AUTH, which goes ahead of everything else on a connection (AUTH-1). */
import { OPCODE } from '../protocol/index.ts';
import { readDone } from './replies.ts';
import { Request } from './request.ts';

export interface Credentials {
  /** May be empty; has no NUL, which divides the two. */
  readonly user: string;
  readonly password: string;
}

export function authRequest({ user, password }: Credentials): Request<true> {
  return new Request(OPCODE.AUTH, readDone).bareValue(`${user}\0${password}`);
}
