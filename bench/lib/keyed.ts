/** Requests on one key after another, for driving a store without sockets. */
import { ReplyFrame, RequestFrame } from '../../protocol/index.ts';

export const KEY_BYTES = 14;
export const VALUE_BYTES = 100;
const FIRST_DIGIT = 4;

/** The bytes of a request, in which the key's digits are put anew for each operation. */
export class Keyed {
  readonly request = new RequestFrame();
  readonly reply = new ReplyFrame();
  readonly #bytes = Buffer.alloc(KEY_BYTES + VALUE_BYTES, 'v');

  constructor() {
    this.#bytes.write('key:', 'latin1');
    this.request.keyBytes = this.request.valueBytes = this.#bytes;
    this.request.keyEnd = this.request.valueStart = KEY_BYTES;
    this.setValueBytes(VALUE_BYTES);
  }

  /** @param valueBytes 0 to VALUE_BYTES */
  setValueBytes(valueBytes: number): void {
    this.request.valueEnd = KEY_BYTES + valueBytes;
  }

  /** Makes this the request's key, and the reply a fresh one. */
  setKey(number: number): void {
    for (let at = KEY_BYTES - 1, rest = number; at >= FIRST_DIGIT; at--, rest = Math.floor(rest / 10)) {
      this.#bytes[at] = 0x30 + (rest % 10);
    }
    this.reply.clear();
  }
}
