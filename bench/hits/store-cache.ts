/** A store used as a cache: GET, and SET of what is not there. */
import { STATUS } from '../../protocol/index.ts';
import type { Store } from '../../server/store/store.ts';
import { Keyed } from '../lib/keyed.ts';
import type { Cache } from './cache.ts';

export class StoreCache implements Cache {
  readonly #store: Store;
  readonly #keyed = new Keyed();

  /** @param store one that drops items by itself when it is full */
  constructor(store: Store) {
    this.#store = store;
  }

  access(key: number): boolean {
    const { request, reply } = this.#keyed;
    this.#keyed.setKey(key);
    this.#store.get(request, reply);
    if (reply.status === STATUS.OK) return true;
    reply.clear();
    this.#store.set(request, reply);
    if (reply.status !== STATUS.OK) throw new Error(`SET of key ${key} got ${reply.status}`);
    return false;
  }
}
