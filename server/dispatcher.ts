/**
 * Between the dialects and the operations stand the gates, in the order of STATUS-2: is there such an operation (405),
 * is the request well formed (400), may this connection do it (401), is it within the limits (413). Operations contain
 * none of them.
 */
import {
  FLAG,
  OPERATIONS,
  PROFILES,
  STATUS,
  flagBits,
  operationForm,
  readDecimal,
  type OperationName,
  type Presence,
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
import type { ListPage, Store } from './store/store.ts';

/** If `session.progress.isUnfinished` afterwards, the same request is to be run again. */
type Run = (context: ServerContext, session: Session, request: RequestFrame, reply: ReplyFrame, page: ListPage) => void;

/** What a request may look like, and what carries it out. */
interface Form {
  readonly flags: number;
  readonly key: Presence;
  readonly value: Presence;
  readonly isList: boolean;
  /** Demands of the operation's own on its numbers and values; false is 400. */
  readonly isValid: (request: RequestFrame) => boolean;
  readonly run: Run;
}

interface Handler {
  readonly needsAuth: boolean;
  readonly single: Form;
  readonly prefix: Form | undefined;
}

/** An operation that is the store's alone and comes in slices. */
type SlicedOperation = 'count' | Extract<keyof Store, `${string}Prefix`>;

/** Any other operation that is the store's alone. */
type StoreOperation = Exclude<
  {
    [Name in keyof Store]: Store[Name] extends (request: RequestFrame, reply: ReplyFrame) => void ? Name : never;
  }[keyof Store],
  SlicedOperation
>;

const stored =
  (name: StoreOperation): Run =>
  ({ store }, _session, request, reply) =>
    store[name](request, reply);

const sliced =
  (name: SlicedOperation): Run =>
  ({ store }, session, request, reply) =>
    store[name](request, reply, session.progress);

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
  GET: stored('get'),
  SET: stored('set'),
  ADD: stored('add'),
  REPLACE: stored('replace'),
  APPEND: stored('append'),
  PREPEND: stored('prepend'),
  DELETE: stored('delete'),
  INCREMENT: stored('increment'),
  TOUCH: stored('touch'),
  LOCK: stored('lock'),
  UNLOCK: stored('unlock'),
  META: ({ store }, _session, request, reply) => {
    const meta = store.meta(request);
    if (meta) replyEntries(reply, metaEntries(meta));
    else reply.status = STATUS.NOT_FOUND;
  },
  COUNT: sliced('count'),
  KEYS: list,
  RESET: stored('reset'),
};

const RUN_PREFIX: Partial<Record<OperationName, Run>> = {
  GET: list,
  SET: sliced('setPrefix'),
  DELETE: sliced('deletePrefix'),
  INCREMENT: sliced('incrementPrefix'),
  TOUCH: sliced('touchPrefix'),
  LOCK: sliced('lockPrefix'),
  UNLOCK: sliced('unlockPrefix'),
};

/** LIST-2: a limit below 1 is none. */
const hasValidLimit = ({ flags, number }: RequestFrame) => (flags & FLAG.NUMBER) === 0 || number >= 1n;

/** INCREMENT-3: the number that a missing item is created with. */
const hasValidInitial = ({ valueBytes, valueStart, valueEnd }: RequestFrame) =>
  valueStart === valueEnd || readDecimal(valueBytes, valueStart, valueEnd) !== undefined;

/** AUTH-1: without a 00 it is malformed. */
const hasCredentials = ({ valueBytes, valueStart, valueEnd }: RequestFrame) =>
  divideCredentials(valueBytes, valueStart, valueEnd) !== undefined;

const always = () => true;

const VALID_SINGLE: Partial<Record<OperationName, Form['isValid']>> = {
  KEYS: hasValidLimit,
  INCREMENT: hasValidInitial,
  AUTH: hasCredentials,
};

const VALID_PREFIX: Partial<Record<OperationName, Form['isValid']>> = { GET: hasValidLimit };

/** AUTH-1: these are carried out before AUTH too. */
const BEFORE_AUTH: ReadonlySet<OperationName> = new Set(['HELLO', 'PING', 'AUTH', 'QUIT']);

export class Dispatcher {
  readonly #context: ServerContext;
  /** By opcode; undefined for what section 4 does not assign and for profiles that are not claimed (PROFILE-1). */
  readonly #handlers: readonly (Handler | undefined)[];

  constructor(context: ServerContext) {
    this.#context = context;
    this.#handlers = makeHandlers(claimedProfiles(context.options));
  }

  /**
   * Whether a binary request is one of section 4's. Dialects whose requests are so by nature need not ask.
   *
   * @param fits what `readRequest` said of it
   * @returns 200, 405 or 400
   */
  checkShape(request: RequestFrame, fits: boolean): Status {
    const handler = this.#handlers[request.opcode];
    if (handler === undefined) return STATUS.UNKNOWN_OPCODE; // FRAME-8
    if (!fits) return STATUS.BAD_REQUEST; // FRAME-7
    const form = formOf(handler, request);
    // FRAME-9, KEY-1
    if (form === undefined || (request.flags & ~form.flags) !== 0) return STATUS.BAD_REQUEST;
    const hasKey = request.keyEnd > request.keyStart;
    if (hasKey ? form.key === 'none' : form.key === 'required') return STATUS.BAD_REQUEST;
    if (request.valueEnd > request.valueStart && form.value === 'none') return STATUS.BAD_REQUEST;
    return form.isValid(request) ? STATUS.OK : STATUS.BAD_REQUEST;
  }

  /** Whether a well-formed request is answered with a listing, for which `run` needs a page. */
  isList(request: RequestFrame): boolean {
    return formOf(this.#handlers[request.opcode]!, request)!.isList;
  }

  /**
   * Carries out a well-formed request, if the connection may and the limits allow it.
   *
   * @param reply filled with the outcome; comes in cleared
   * @param page where a listing's items go
   */
  run(session: Session, request: RequestFrame, reply: ReplyFrame, page: ListPage): void {
    const handler = this.#handlers[request.opcode]!;
    const { options } = this.#context;
    if (handler.needsAuth && !session.isAuthenticated) {
      reply.status = STATUS.UNAUTHENTICATED; // AUTH-1
    } else if (
      request.keyEnd - request.keyStart > options.maxKeyBytes ||
      request.valueEnd - request.valueStart > options.maxValueBytes
    ) {
      reply.status = STATUS.TOO_LARGE; // KEY-3
    } else {
      formOf(handler, request)!.run(this.#context, session, request, reply, page);
    }
  }
}

function formOf(handler: Handler, request: RequestFrame): Form | undefined {
  return request.flags & FLAG.PREFIX ? handler.prefix : handler.single;
}

function makeHandlers(profiles: readonly Profile[]): (Handler | undefined)[] {
  const offeredFlags = flagBits(profiles.flatMap((profile) => PROFILES[profile].flags));
  const handlers = Array.from<Handler | undefined>({ length: 256 });
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, (typeof OPERATIONS)[OperationName]][]) {
    const single = makeForm(name, false, offeredFlags, RUN_SINGLE[name], VALID_SINGLE[name]);
    if (single === undefined || !profiles.includes(operation.profile)) continue;
    const offersPrefix = (offeredFlags & FLAG.PREFIX) !== 0;
    handlers[operation.opcode] = {
      needsAuth: !BEFORE_AUTH.has(name),
      single,
      prefix: offersPrefix ? makeForm(name, true, offeredFlags, RUN_PREFIX[name], VALID_PREFIX[name]) : undefined,
    };
  }
  return handlers;
}

function makeForm(
  name: OperationName,
  withPrefix: boolean,
  offeredFlags: number,
  run: Run | undefined,
  isValid: Form['isValid'] = always,
): Form | undefined {
  const form = operationForm(name, withPrefix);
  if (form === undefined || run === undefined) return undefined;
  const { key, value, flags } = form;
  return { key, value, flags: flagBits(flags) & offeredFlags, isList: run === list, isValid, run };
}
