/** Runs the model along a sequence of drafts: the request that each becomes, and the reply that it must get. */
import type { FlagName } from '../../protocol/flags.ts';
import { request } from '../actions.ts';
import type { Bytes, Expectation, Key, Piece, ReplyExpectation, Request } from '../step.ts';
import type { Draft } from './draft.ts';
import { StoreModel, sumOf, type Claims, type ModelItem } from './store-model.ts';

/** A request and its reply, or none; or a listing, in as many pages as the server likes. */
export type Exchange =
  | { readonly piece: Piece; readonly reply: Expectation | undefined }
  | { readonly listing: Request; readonly entries: readonly [Key, Bytes][] };

const TTL_MS = 3_600_000;
/** A run takes far less than what lies between. */
const TTL_MS_MIN = 3_000_000;
/** No server has given this many versions or tokens by then. */
const NEVER_GIVEN = '9007199254740990';

const SETS_ALL: ReadonlySet<string> = new Set(['SET', 'ADD', 'REPLACE']);
const TAKES_VALUE: ReadonlySet<string> = new Set(['SET', 'ADD', 'REPLACE', 'APPEND', 'PREPEND']);
const TAKES_VERSION: ReadonlySet<string> = new Set([
  'SET',
  'REPLACE',
  'APPEND',
  'PREPEND',
  'DELETE',
  'INCREMENT',
  'TOUCH',
]);
const TAKES_NO_TOKEN: ReadonlySet<string> = new Set(['ADD', 'COUNT', 'KEYS']);
const TAKES_DETAIL: ReadonlySet<string> = new Set(['GET', 'SET', 'ADD', 'REPLACE', 'APPEND', 'PREPEND', 'INCREMENT']);

export class Replay {
  readonly #model = new StoreModel();
  readonly #space: string;
  #saved = 0;
  /** Names that are saved by replies which have not come yet. */
  readonly #open = new Set<string>();
  /** The names of the latest version and token that a reply told: the next ones are above (VERSION-1, LOCK-1). */
  #latestVersion: string | undefined;
  #latestToken: string | undefined;

  /** @param space what all keys, and the names of what is saved, begin with */
  constructor(space: string) {
    this.#space = space;
  }

  /** All replies have come. */
  settle(): void {
    this.#open.clear();
  }

  /** Whether the request carries something that a reply tells which has not come. */
  mustWait(draft: Draft): boolean {
    return Object.values(this.#claims(draft)).some((name) => typeof name === 'string' && this.#open.has(name));
  }

  next(draft: Draft): Exchange {
    if (draft.dialect === 'json') return this.#json(draft);
    const { op, key } = draft;
    if (op === 'COUNT') return { piece: this.#piece(draft), reply: counted(this.#model.matching(key).length) };
    if (draft.isPrefix) return op === 'GET' || op === 'KEYS' ? this.#listing(draft) : this.#prefix(draft);
    const item = this.#model.items.get(key);
    if (op === 'GET') return this.#get(draft, item);
    if (op === 'LOCK') return this.#lock(draft, item);
    if (op === 'UNLOCK') return this.#unlock(draft, item);
    return this.#write(draft, item);
  }

  #save(kind: 'v' | 't'): string {
    this.#saved += 1;
    const name = `${this.#space}${kind}${this.#saved}`;
    this.#open.add(name);
    return name;
  }

  /** Versions and tokens that the request names; a right one only if there is one. */
  #claims({ op, key, isPrefix, dialect, ...draft }: Draft): Claims {
    if (dialect === 'json') return {};
    const items = isPrefix ? this.#model.matching(key).map(([, item]) => item) : [this.#model.items.get(key)];
    const version = items[0]?.version;
    const lock = items.find((item) => item?.lock !== undefined)?.lock;
    const takesVersion = TAKES_VERSION.has(op) && !isPrefix;
    const takesToken = !TAKES_NO_TOKEN.has(op) && !(isPrefix && (op === 'LOCK' || op === 'GET'));
    return {
      ...(takesVersion && draft.version === 'wrong' && { version: false }),
      ...(takesVersion && draft.version === 'right' && version !== undefined && { version }),
      ...(takesToken && draft.token === 'wrong' && { token: false }),
      ...(takesToken && draft.token === 'right' && lock !== undefined && { token: lock }),
    };
  }

  #piece(draft: Draft): Request {
    const { op, key, isPrefix, value, tag, expires, number } = draft;
    const { version, token } = this.#claims(draft);
    const flags: FlagName[] = [];
    if (isPrefix && op !== 'COUNT' && op !== 'KEYS') flags.push('PREFIX');
    if (draft.detail && TAKES_DETAIL.has(op) && !isPrefix) flags.push('DETAIL');
    if (isQuiet(draft)) flags.push('QUIET');
    const takesTtl = SETS_ALL.has(op) || op === 'TOUCH' || op === 'LOCK' || (op === 'GET' && !isPrefix);
    return request(op, this.#space + key, {
      flags,
      ...(TAKES_VALUE.has(op) && { value }),
      ...(SETS_ALL.has(op) && tag !== 0 && { tag }),
      ...(takesTtl && expires && { ttl: TTL_MS }),
      ...(op === 'INCREMENT' && number !== undefined && { number: `${number}` }),
      ...(version !== undefined && { version: version === false ? NEVER_GIVEN : { ref: version } }),
      ...(token !== undefined && { token: token === false ? NEVER_GIVEN : { ref: token } }),
    });
  }

  #get(draft: Draft, item: ModelItem | undefined): Exchange {
    const piece = this.#piece(draft);
    if (item === undefined) return { piece, reply: isQuiet(draft) ? undefined : { status: 404 } };
    if (draft.expires && this.#model.isShut(item, this.#claims(draft))) return { piece, reply: { status: 423 } };
    if (draft.expires) item.expires = true;
    const { value, tag, expires, version } = item;
    const known = { status: 200, value, ...(tag !== 0 && { tag }) };
    if (!draft.detail) return { piece, reply: known };
    const detailed = { ...known, ...(expires && { ttl: { min: TTL_MS_MIN, max: TTL_MS } }) };
    if (version !== undefined) return { piece, reply: { ...detailed, version: { ref: version } } };
    const name = this.#save('v');
    item.version = name;
    return { piece, reply: { ...detailed, version: 'any', save: { [name]: 'version' } } };
  }

  #write(draft: Draft, item: ModelItem | undefined): Exchange {
    const { op } = draft;
    const piece = this.#piece(draft);
    const sum = op === 'INCREMENT' && item !== undefined ? sumOf(item.value, draft.number ?? 1n) : undefined;
    const refusals = this.#refusals(draft, item, op !== 'INCREMENT' || sum !== undefined);
    if (refusals.length > 0) return { piece, reply: { status: refusals } };
    const after = this.#model.carryOut(draft, draft.key, item);
    if (isQuiet(draft)) return { piece, reply: undefined };
    const reply: ReplyExpectation = { status: 200, ...(sum !== undefined && { number: `${sum}` }) };
    if (after === undefined || !draft.detail || !TAKES_DETAIL.has(op)) return { piece, reply };
    const above = this.#latestVersion;
    after.version = this.#save('v');
    this.#latestVersion = after.version;
    const version = above === undefined ? ('any' as const) : { above };
    return { piece, reply: { ...reply, version, save: { [after.version]: 'version' } } };
  }

  /** The statuses of which a write gets one; none if it is carried out. */
  #refusals(draft: Draft, item: ModelItem | undefined, isNumber: boolean): readonly number[] {
    const claims = this.#claims(draft);
    if (draft.op === 'ADD') return item === undefined ? [] : [409];
    if (draft.op === 'SET' && item === undefined && claims.version === undefined) return [];
    return this.#model.refusals(item, claims, isNumber);
  }

  #lock(draft: Draft, item: ModelItem | undefined): Exchange {
    const piece = this.#piece(draft);
    if (item === undefined) return { piece, reply: { status: 404 } };
    if (this.#model.isShut(item, this.#claims(draft))) return { piece, reply: { status: 423 } };
    if (item.lock !== undefined) return { piece, reply: { status: 200, token: { ref: item.lock } } };
    return { piece, reply: { status: 200, ...this.#newToken([item]) } };
  }

  #newToken(items: readonly ModelItem[]): Partial<ReplyExpectation> {
    const above = this.#latestToken;
    const name = this.#save('t');
    this.#latestToken = name;
    for (const item of items) item.lock = name;
    return { token: above === undefined ? 'any' : { above }, save: { [name]: 'token' } };
  }

  #unlock(draft: Draft, item: ModelItem | undefined): Exchange {
    const piece = this.#piece(draft);
    const { token } = this.#claims(draft);
    if (item === undefined) return { piece, reply: { status: 404 } };
    if (token !== undefined && item.lock !== undefined && token !== item.lock) return { piece, reply: { status: 423 } };
    item.lock = undefined;
    return { piece, reply: isQuiet(draft) ? undefined : { status: 200 } };
  }

  #listing(draft: Draft): Exchange {
    const found = this.#model.matching(draft.key);
    const listing = this.#piece(draft);
    if (found.length === 0) return { piece: listing, reply: { status: 404 } };
    const isKeys = draft.op === 'KEYS';
    return { listing, entries: found.map(([name, { value }]) => [this.#space + name, isKeys ? '' : value]) };
  }

  /** SET, DELETE, INCREMENT, TOUCH, LOCK and UNLOCK of all items under a prefix (PREFIX-2, PREFIX-3, PREFIX-4). */
  #prefix(draft: Draft): Exchange {
    const { op } = draft;
    const piece = this.#piece(draft);
    const claims = this.#claims(draft);
    const all = this.#model.matching(draft.key);
    if (op === 'LOCK') {
      const free = all.map(([, item]) => item).filter(({ lock }) => lock === undefined);
      if (free.length === 0) return { piece, reply: { status: 404 } };
      return { piece, reply: { ...counted(free.length), ...this.#newToken(free) } };
    }
    const changed = all.filter(([, item]) => {
      if (op === 'UNLOCK') return claims.token === undefined || claims.token === item.lock;
      if (this.#model.isShut(item, claims)) return false;
      return op !== 'INCREMENT' || sumOf(item.value, draft.number ?? 1n) !== undefined;
    });
    for (const [name, item] of changed) {
      if (op === 'UNLOCK') item.lock = undefined;
      else this.#model.carryOut(draft, name, item);
    }
    if (changed.length === 0) return { piece, reply: { status: 404 } };
    return { piece, reply: isQuiet(draft) ? undefined : counted(changed.length) };
  }

  #json(draft: Draft): Exchange {
    const { op, key, value } = draft;
    const name = `{{${this.#space}${key}}}`;
    const item = this.#model.items.get(key);
    if (op === 'GET') {
      const piece = { json: `{"command":"GET","key":"${name}"}` };
      if (item === undefined) return { piece, reply: { json: 404 } };
      const text = this.#model.jsonValue(item);
      return { piece, reply: text === undefined ? { json: 400 } : { json: 200, value: text } };
    }
    const command = op === 'SET' ? `"SET","value":${JSON.stringify(value)}` : '"DEL"';
    const piece = { json: `{"command":${command},"key":"${name}"}` };
    if (item === undefined && op === 'DELETE') return { piece, reply: { json: 404 } };
    if (item?.lock !== undefined) return { piece, reply: { json: 423 } };
    this.#model.carryOut({ ...draft, tag: 1, expires: false }, key, item);
    return { piece, reply: { json: 200 } };
  }
}

function counted(count: number): ReplyExpectation {
  return { status: 200, number: count };
}

/** LOCK and the listings take no QUIET (section 4). */
function isQuiet({ op, quiet, isPrefix }: Draft): boolean {
  return quiet && op !== 'LOCK' && op !== 'COUNT' && op !== 'KEYS' && !(op === 'GET' && isPrefix);
}
