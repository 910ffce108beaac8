/**
 * Between the dialects and the operations stand the gates, in the order of STATUS-2: is there such an operation (405),
 * is the request well formed (400), may this connection do it (401), is it within the limits (413). Operations contain
 * none of them.
 */
import {
  FLAG,
  FRAME_BYTES_CEILING,
  KEY_BYTES_CEILING,
  OPERATIONS,
  PROFILES,
  STATUS,
  flagBits,
  operationForm,
  readDecimal,
  type OperationName,
  type Profile,
  type ReplyFrame,
  type RequestFrame,
  type Status,
} from '../protocol/index.ts';
import { divideCredentials } from './authenticator.ts';
import type { ServerContext } from './context.ts';
import { auth } from './operations/auth.ts';
import { helloEntries } from './operations/hello.ts';
import { metaEntries } from './operations/meta.ts';
import { statsEntries } from './operations/stats.ts';
import { replyEntries } from './operations/text-entries.ts';
import { claimedProfiles } from './options.ts';
import type { Session } from './session.ts';
import type { ListPage } from './store/store.ts';

type Operation = (typeof OPERATIONS)[OperationName];

/** If `session.progress.isUnfinished` afterwards, the same request is to be run again. */
type Run = (context: ServerContext, session: Session, request: RequestFrame, reply: ReplyFrame, page: ListPage) => void;

/** What a request may look like, and what carries it out. */
interface Form {
  readonly needsAuth: boolean;
  readonly isChange: boolean;
  readonly flags: number;
  readonly keyBytesMin: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly isList: boolean;
  /** Whether it is on one item, and has to be handed in again only while room is made for that. */
  readonly isSingle: boolean;
  /** Demands of the operation's own on its numbers and values; false is 400. */
  readonly isValid: ((request: RequestFrame) => boolean) | undefined;
  readonly run: Run;
}

const list: Run = ({ store }, session, request, reply, page) => store.list(request, reply, page, session.progress);

const RUN_SINGLE: Partial<Record<OperationName, Run>> = {
  HELLO: (context, _session, _request, reply) => replyEntries(reply, helloEntries(context)),
  PING: (_context, _session, request, reply) =>
    reply.setValue(request.valueBytes, request.valueStart, request.valueEnd), // PING-1
  AUTH: auth,
  STATS: (context, _session, _request, reply) => replyEntries(reply, statsEntries(context)),
  QUIT: (_context, session) => {
    session.isEnding = true; // QUIT-1
  },
  GET: ({ store }, _session, request, reply) => store.get(request, reply),
  SET: ({ store }, _session, request, reply) => store.set(request, reply),
  ADD: ({ store }, _session, request, reply) => store.add(request, reply),
  REPLACE: ({ store }, _session, request, reply) => store.replace(request, reply),
  APPEND: ({ store }, _session, request, reply) => store.append(request, reply),
  PREPEND: ({ store }, _session, request, reply) => store.prepend(request, reply),
  DELETE: ({ store }, _session, request, reply) => store.delete(request, reply),
  INCREMENT: ({ store }, _session, request, reply) => store.increment(request, reply),
  TOUCH: ({ store }, _session, request, reply) => store.touch(request, reply),
  LOCK: ({ store }, _session, request, reply) => store.lock(request, reply),
  UNLOCK: ({ store }, _session, request, reply) => store.unlock(request, reply),
  META: ({ store }, _session, request, reply) => {
    const meta = store.meta(request);
    if (meta) replyEntries(reply, metaEntries(meta));
    else reply.status = STATUS.NOT_FOUND;
  },
  COUNT: ({ store }, session, request, reply) => store.count(request, reply, session.progress),
  KEYS: list,
  RESET: ({ store }, _session, request, reply) => store.reset(request, reply),
  SYNC: ({ log }) => log?.demandSync(), // SYNC-1
};

const RUN_PREFIX: Partial<Record<OperationName, Run>> = {
  GET: list,
  SET: ({ store }, session, request, reply) => store.setPrefix(request, reply, session.progress),
  DELETE: ({ store }, session, request, reply) => store.deletePrefix(request, reply, session.progress),
  INCREMENT: ({ store }, session, request, reply) => store.incrementPrefix(request, reply, session.progress),
  TOUCH: ({ store }, session, request, reply) => store.touchPrefix(request, reply, session.progress),
  LOCK: ({ store }, session, request, reply) => store.lockPrefix(request, reply, session.progress),
  UNLOCK: ({ store }, session, request, reply) => store.unlockPrefix(request, reply, session.progress),
};

/** LIST-2: a limit below 1 is none. */
const hasValidLimit = ({ flags, number }: RequestFrame) => (flags & FLAG.NUMBER) === 0 || number >= 1n;

/** INCREMENT-3: the number that a missing item is created with. */
const hasValidInitial = ({ valueBytes, valueStart, valueEnd }: RequestFrame) =>
  valueStart === valueEnd || readDecimal(valueBytes, valueStart, valueEnd) !== undefined;

/** AUTH-1: without a 00 it is malformed. */
const hasCredentials = ({ valueBytes, valueStart, valueEnd }: RequestFrame) =>
  divideCredentials(valueBytes, valueStart, valueEnd) !== undefined;

const VALID_SINGLE: Partial<Record<OperationName, NonNullable<Form['isValid']>>> = {
  KEYS: hasValidLimit,
  INCREMENT: hasValidInitial,
  AUTH: hasCredentials,
};

const VALID_PREFIX: Partial<Record<OperationName, NonNullable<Form['isValid']>>> = { GET: hasValidLimit };

/** AUTH-1: these are carried out before AUTH too. */
const BEFORE_AUTH: ReadonlySet<OperationName> = new Set(['HELLO', 'PING', 'AUTH', 'QUIT']);

/** These change items, or promise something of changes; a GET with TTL does, too. */
const CHANGES: ReadonlySet<OperationName> = new Set([
  'SET',
  'ADD',
  'REPLACE',
  'APPEND',
  'PREPEND',
  'DELETE',
  'INCREMENT',
  'TOUCH',
  'LOCK',
  'UNLOCK',
  'RESET',
  'SYNC',
]);

/** Forms stand by opcode, those with PREFIX behind all others. */
const OPCODES = 256;

export class Dispatcher {
  readonly #context: ServerContext;
  /** Undefined for what section 4 does not assign and for profiles that are not claimed (PROFILE-1). */
  readonly #forms: readonly (Form | undefined)[];
  readonly #keyBytesMax: number;
  readonly #valueBytesMax: number;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#forms = makeForms(claimedProfiles(context.options));
    this.#keyBytesMax = context.options.maxKeyBytes;
    this.#valueBytesMax = context.options.maxValueBytes;
  }

  /**
   * Whether a binary request is one of section 4's. Dialects whose requests are so by nature need not ask.
   *
   * @param fits what `readRequest` said of it
   * @returns 200, 405 or 400
   */
  checkShape(request: RequestFrame, fits: boolean): Status {
    const form = this.#formOf(request);
    // Every operation has a form without PREFIX.
    if (form === undefined && this.#forms[request.opcode] === undefined) return STATUS.UNKNOWN_OPCODE; // FRAME-8
    // FRAME-7, FRAME-9
    if (!fits || form === undefined || (request.flags & ~form.flags) !== 0) return STATUS.BAD_REQUEST;
    const keyBytes = request.keyEnd - request.keyStart;
    if (keyBytes < form.keyBytesMin || keyBytes > form.keyBytesMax) return STATUS.BAD_REQUEST; // KEY-1
    if (request.valueEnd - request.valueStart > form.valueBytesMax) return STATUS.BAD_REQUEST;
    return form.isValid === undefined || form.isValid(request) ? STATUS.OK : STATUS.BAD_REQUEST;
  }

  /** Whether a well-formed request is answered with a listing, for which `run` needs a page. */
  isList(request: RequestFrame): boolean {
    return this.#formOf(request)!.isList;
  }

  /**
   * Carries out a well-formed request, if the connection may and the limits allow it.
   *
   * @param reply filled with the outcome; comes in cleared
   * @param page where a listing's items go
   */
  run(session: Session, request: RequestFrame, reply: ReplyFrame, page: ListPage): void {
    const form = this.#formOf(request)!;
    if (form.needsAuth && !session.isAuthenticated) {
      reply.status = STATUS.UNAUTHENTICATED; // AUTH-1
    } else if (
      request.keyEnd - request.keyStart > this.#keyBytesMax ||
      request.valueEnd - request.valueStart > this.#valueBytesMax
    ) {
      reply.status = STATUS.TOO_LARGE; // KEY-3
    } else if (this.#context.log?.isAccepting === false && (form.isChange || (request.flags & FLAG.TTL) !== 0)) {
      reply.status = STATUS.UNAVAILABLE; // STATUS-1: the storage is out of reach, and nothing was changed
      session.breakOff();
    } else {
      form.run(this.#context, session, request, reply, page);
      if (reply.status === STATUS.OUT_OF_MEMORY && this.#context.store.isMakingRoom === true) session.progress.wait();
      else if (form.isSingle && session.isUnfinished) session.abandon();
    }
  }

  #formOf({ opcode, flags }: RequestFrame): Form | undefined {
    return this.#forms[flags & FLAG.PREFIX ? OPCODES + opcode : opcode];
  }
}

function makeForms(profiles: readonly Profile[]): (Form | undefined)[] {
  const offeredFlags = flagBits(profiles.flatMap((profile) => PROFILES[profile].flags));
  const forms = Array.from<Form | undefined>({ length: 2 * OPCODES });
  for (const [name, { opcode, profile }] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    if (!profiles.includes(profile)) continue;
    forms[opcode] = makeForm(name, false, offeredFlags);
    if (offeredFlags & FLAG.PREFIX) forms[OPCODES + opcode] = makeForm(name, true, offeredFlags);
  }
  return forms;
}

function makeForm(name: OperationName, withPrefix: boolean, offeredFlags: number): Form | undefined {
  const form = operationForm(name, withPrefix);
  const run = (withPrefix ? RUN_PREFIX : RUN_SINGLE)[name];
  if (form === undefined || run === undefined) return undefined;
  return {
    needsAuth: !BEFORE_AUTH.has(name),
    isChange: CHANGES.has(name),
    flags: flagBits(form.flags) & offeredFlags,
    keyBytesMin: form.key === 'required' ? 1 : 0,
    keyBytesMax: form.key === 'none' ? 0 : KEY_BYTES_CEILING,
    valueBytesMax: form.value === 'none' ? 0 : FRAME_BYTES_CEILING,
    isList: run === list,
    isSingle: !withPrefix && run !== list && name !== 'COUNT',
    isValid: (withPrefix ? VALID_PREFIX : VALID_SINGLE)[name],
    run,
  };
}
