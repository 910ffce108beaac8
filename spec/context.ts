/** What a running case works with: connections, the steps' verbs, and the checks that every case gets for nothing. */
import { OPCODE } from '../protocol/operations.ts';
import type { Profile } from '../protocol/profiles.ts';
import { describeExpected, describeIncoming, difference } from './match.ts';
import { Skipped, Undecided, Violation, type FailureCode } from './outcome.ts';
import { seededRandom, type Random } from './random.ts';
import { Resolver } from './resolve.ts';
import type { Session } from './session.ts';
import type { Bytes, Expectation, Key, OneExpectation, Piece, Request, Step } from './step.ts';
import { sameBytes, showBytes, toHex, utf8 } from './wire/bytes.ts';
import { Connection, type Incoming } from './wire/connection.ts';
import { parseEntries, type Entry } from './wire/entries.ts';
import type { BinaryReply, Reply } from './wire/reply.ts';
import { shapeProblem } from './wire/shape.ts';

const POLL_MS = 5;

export interface ContextOptions {
  readonly profile: Profile;
  /** Whether connections stay unauthenticated: the case is about AUTH itself. */
  readonly rawAuth: boolean;
  /** The case's own key prefix. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

const DROPPED =
  'the request before it, in the same write, was answered: what follows the first frame of a read may have been dropped, ' +
  'or be kept until more arrives (TRANSPORT-2)';

export class CaseContext {
  /** Whether the last wait was for a request that was sent together with one that was answered. */
  #isPartlyAnswered = false;
  readonly session: Session;
  readonly random: Random;
  readonly resolver: Resolver;
  readonly alternatives: string[] = [];
  readonly warnings: string[] = [];
  readonly connections: Connection[] = [];
  readonly signal: AbortSignal;
  readonly #options: ContextOptions;
  readonly #byName = new Map<string, Connection>();

  constructor(session: Session, options: ContextOptions) {
    this.session = session;
    this.#options = options;
    this.signal = options.signal;
    this.random = seededRandom(`${session.seed}/${options.prefix}`);
    this.resolver = new Resolver(options.prefix, session, this.random.below(2 ** 32));
  }

  /** Opens a connection under a name, authenticated if the target asks for it. */
  async open(name: string, authenticate = !this.#options.rawAuth): Promise<Connection> {
    const connection = await this.#connect(name);
    this.#byName.set(name, connection);
    if (authenticate && this.session.profiles.has('auth')) await this.authenticate(connection);
    return connection;
  }

  async #connect(name: string): Promise<Connection> {
    try {
      const { waitMs, frameBytesMax, target } = this.session;
      const options = { name, frameBytesMax, waitMs, signal: this.signal };
      const connection = await Connection.open(target.address, options);
      this.connections.push(connection);
      return connection;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const observed = this.signal.aborted ? 'none in the time that the case has' : why;
      throw new Violation({ expected: 'a new connection', observed, code: 'no-connection', clause: 'TRANSPORT-5' });
    }
  }

  /** Sends AUTH with the target's credentials and demands a 200. */
  async authenticate(connection: Connection): Promise<void> {
    const [user, password] = splitCredentials(this.session.target.credentials);
    connection.send(this.resolver.piece({ op: 'AUTH', value: { concat: [user, { hex: '00' }, password] } }));
    await this.#expectOn(connection, { status: 200 });
  }

  /** The connection of that name, opened if it is not. */
  async connection(name: string): Promise<Connection> {
    return this.#byName.get(name) ?? (await this.open(name));
  }

  async send(pieces: readonly Piece[], name = 'a', segments?: readonly number[]): Promise<void> {
    const connection = await this.connection(name);
    const bytes = Buffer.concat(pieces.map((piece) => this.resolver.piece(piece)));
    if (segments === undefined) connection.send(bytes);
    else await connection.sendSegments(bytes, segments);
  }

  /** Takes the next reply of a connection and demands that it is one of those expected. */
  async recv(expected: Expectation, name = 'a'): Promise<Incoming> {
    return this.#expectOn(await this.connection(name), expected);
  }

  async ask(piece: Piece, expected: Expectation, name = 'a'): Promise<Incoming> {
    await this.send([piece], name);
    return this.recv(expected, name);
  }

  /** Sends a request and gives its reply, of whatever status, checked for its form alone. */
  async exchange(piece: Piece, name = 'a'): Promise<BinaryReply> {
    await this.send([piece], name);
    const came = await this.take(await this.connection(name));
    if (came.kind === 'binary') return came;
    throw new Violation({ expected: 'a binary reply', observed: describeIncoming(came), code: failureCode(came) });
  }

  /** A barrier on a connection: the reply to a request sent now must be the next thing that comes. */
  async probe(name: string): Promise<void> {
    await this.#probe(await this.connection(name));
  }

  async #probe(connection: Connection): Promise<void> {
    if (this.#options.profile === 'json') {
      connection.send(this.resolver.piece({ json: '{"command":"GET","key":"{{}}"}' }));
      await this.#expectOn(connection, { json: 404 }, 'the reply to a barrier, and nothing before it: ');
      return;
    }
    const value = utf8(`barrier ${this.resolver.nextId()}`);
    connection.send(this.resolver.piece({ op: OPCODE.PING, value: value.toString() }));
    const expected = { status: 200, value: value.toString() };
    await this.#expectOn(connection, expected, 'the reply to a barrier, and nothing before it: ');
  }

  /** Asks until the reply is the expected one; fails with the last reply when the wait is over. */
  async until(piece: Piece, expected: Expectation, name = 'a'): Promise<Incoming> {
    const deadline = performance.now() + this.session.waitMs;
    for (;;) {
      await this.send([piece], name);
      const came = await this.take(await this.connection(name));
      const last = performance.now() > deadline || came.kind === 'closed' || came.kind === 'timeout';
      if (last || alternatives(expected).some((each) => difference(each, came, this.resolver) === undefined)) {
        return this.judge(expected, came);
      }
      await this.wait(POLL_MS);
    }
  }

  /** Follows a listing page by page and demands that it has these entries, in this order. */
  async listing(request: Request, expected: readonly (readonly [Key, Bytes])[], name = 'a'): Promise<void> {
    const wanted = expected.map(([key, value]) => [this.resolver.key(key), this.resolver.bytes(value)] as const);
    const seen: Entry[] = [];
    let after: Bytes | undefined = request.value;
    for (let status = 206; status === 206 && seen.length <= wanted.length;) {
      const came = await this.exchange({ ...request, ...(after !== undefined && { value: after }) }, name);
      if (came.status !== 200 && came.status !== 206) this.fail('200 or 206', describeIncoming(came));
      seen.push(...parseEntries(came.value).entries);
      after = { hex: toHex(seen.at(-1)?.key ?? Buffer.alloc(0)) };
      status = came.status;
    }
    const same =
      seen.length === wanted.length &&
      wanted.every(([key, value], index) => {
        const entry = seen[index];
        return entry !== undefined && sameBytes(key, entry.key) && sameBytes(value, entry.value);
      });
    if (same) return;
    const wantedEntries = wanted.map(([key, value]) => ({ key, value }));
    this.fail(`in all the entries ${showEntries(wantedEntries)}`, `the entries ${showEntries(seen)}`);
  }

  /** Lets time pass, where time itself is what the case is about. */
  async wait(ms: number): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      const { signal } = this;
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }

  /** The next thing that comes on a connection, checked for its form and place (TRANSPORT-3, section 4). */
  async take(connection: Connection): Promise<Incoming> {
    const came = await connection.next();
    if (came.kind === 'binary' || came.kind === 'json') this.#checkForm(connection, came);
    this.#isPartlyAnswered = came.kind === 'timeout' && isPartlyAnswered(connection);
    return came;
  }

  #checkForm(connection: Connection, reply: Reply): void {
    const observed = describeIncoming(reply);
    const { due } = connection;
    // A quiet request owes a reply only if there is news, so it may have been passed over.
    while (due.length > 0 && reply.kind === 'binary') {
      const first = due[0];
      if (first?.kind !== 'binary' || (first.flags & 0x80) === 0 || first.id === reply.id) break;
      due.shift();
    }
    while (due.length > 1 && reply.kind === 'json' && isQuiet(due[0])) due.shift();
    const request = due.shift();
    if (request === undefined) {
      const expected = 'no reply that was not asked for';
      throw new Violation({ expected, observed, code: 'wrong-form', clause: 'TRANSPORT-3' });
    }
    const problem = shapeProblem(request, reply);
    if (problem === undefined) return;
    const expected = `a reply of the form that ${problem.clause} gives it`;
    const { clause, text } = problem;
    throw new Violation({ expected, observed: `${text} (${observed})`, code: 'wrong-form', clause });
  }

  async #expectOn(connection: Connection, expected: Expectation, what = ''): Promise<Incoming> {
    return this.judge(expected, await this.take(connection), what);
  }

  /** Demands that what came is one of the alternatives, and records which. */
  judge(expected: Expectation, came: Incoming, what = ''): Incoming {
    const all = alternatives(expected);
    const problems: string[] = [];
    for (const each of all) {
      const problem = difference(each, came, this.resolver);
      if (problem === undefined) {
        this.#record(each, came);
        return came;
      }
      problems.push(problem);
    }
    const wanted = all.map((each) => describeExpected(each, this.resolver)).join('; or ');
    const partial = came.kind === 'binary' ? problems.find((problem) => problem !== describeIncoming(came)) : undefined;
    const observed = partial === undefined ? (problems[0] ?? '') : `${partial} in ${describeIncoming(came)}`;
    const code = all.some((each) => hasStatus(each, came)) ? 'wrong-content' : failureCode(came);
    throw new Violation({
      expected: what + wanted,
      observed,
      code,
      hint: this.#isPartlyAnswered ? DROPPED : undefined,
    });
  }

  #record(expected: OneExpectation, came: Incoming): void {
    if (expected.as !== undefined) this.alternatives.push(expected.as);
    if (expected.warn === true) this.warnings.push(`${expected.as ?? 'an alternative'}: ${describeIncoming(came)}`);
    if (came.kind !== 'binary' || !('status' in expected)) return;
    for (const [name, field] of Object.entries(expected.save ?? {})) {
      const value = came.fields[field];
      if (value !== undefined) this.resolver.saved.set(name, value);
    }
  }

  fail(expected: string, observed: string, hint?: string): never {
    throw new Violation({ expected, observed, hint });
  }

  undecided(reason: string): never {
    throw new Undecided(reason);
  }

  skip(reason: string): never {
    throw new Skipped(reason);
  }

  async step(step: Step): Promise<void> {
    if ('open' in step) await this.open(step.open, step.authenticate);
    else if ('ask' in step) await this.ask(step.ask, step.expect, step.on);
    else if ('send' in step) await this.send(step.send, step.on, step.segments);
    else if ('recv' in step) await this.recv(step.recv, step.on);
    else if ('until' in step) await this.until(step.until, step.expect, step.on);
    else if ('probe' in step) await this.probe(step.probe);
    else if ('listing' in step) await this.listing(step.listing, step.entries, step.on);
    else if ('waitMs' in step) await this.wait(step.waitMs);
    else if ('close' in step) (await this.connection(step.close)).close();
    else if ('halfClose' in step) (await this.connection(step.halfClose)).halfClose();
    else (await this.connection(step.reset)).reset();
  }

  /**
   * What every case ends with: on each connection that is still good a barrier, which shows that nothing more was
   * answered; on each that had to be closed its close; and on a fresh one a set and a get (TRANSPORT-5).
   */
  async finish(): Promise<void> {
    for (const connection of this.#byName.values()) {
      if (connection.isSettled) continue;
      if (connection.mustClose) await this.#expectOn(connection, { closed: true });
      else if (!connection.sent.inFrame) await this.#probe(connection);
    }
    await this.#sentinel();
    // Only what has come by now can be seen here: no reply is waited for that must not be.
    for (const connection of this.connections) {
      if (connection.hasUnread && !connection.isSettled) await this.#nothingMore(connection);
    }
  }

  async #nothingMore(connection: Connection): Promise<void> {
    const observed = `${describeIncoming(await connection.next())} behind the last reply on ${connection.name}`;
    const expected = 'one reply for each request';
    throw new Violation({ expected, observed, code: 'wrong-form', clause: 'TRANSPORT-3' });
  }

  async #sentinel(): Promise<void> {
    const name = 'sentinel';
    await this.open(name, true);
    if (this.#options.profile === 'json') {
      await this.ask({ json: '{"command":"SET","key":"{{sentinel}}","value":"well"}' }, { json: 200 }, name);
      await this.ask({ json: '{"command":"GET","key":"{{sentinel}}"}' }, { json: 200, value: '"well"' }, name);
      return;
    }
    const value = `well ${showBytes(this.random.bytes(4))}`;
    await this.ask({ op: 'SET', key: 'sentinel', value }, { status: 200 }, name);
    await this.ask({ op: 'GET', key: 'sentinel' }, { status: 200, value }, name);
  }

  /** Closes a connection, if there is one of that name, and forgets what went over it. */
  discard(name: string): void {
    const connection = this.#byName.get(name);
    if (connection === undefined) return;
    connection.close();
    this.#byName.delete(name);
    this.connections.splice(this.connections.indexOf(connection), 1);
  }

  closeAll(): void {
    for (const connection of this.connections) connection.close();
  }
}

function isQuiet(due: Connection['due'][number] | undefined): boolean {
  return due?.kind === 'binary' && (due.flags & 0x80) !== 0;
}

/** Whether the status, if nothing else, is the expected one. */
function hasStatus(expected: OneExpectation, came: Incoming): boolean {
  if ('closed' in expected || !('status' in came)) return false;
  const statuses = 'json' in expected ? [expected.json] : [expected.status].flat();
  return (came.kind === 'json') === 'json' in expected && statuses.includes(came.status ?? 0);
}

/** Whether something came for what was sent last, and more is due. */
function isPartlyAnswered({ transcript, due }: Connection): boolean {
  const sentAt = transcript.events.findLastIndex(({ direction }) => direction === 'sent');
  return due.length > 0 && transcript.events.slice(sentAt + 1).some(({ direction }) => direction === 'received');
}

/** How it is called that this came in place of what was expected. */
function failureCode(came: Incoming): FailureCode {
  if (came.kind === 'timeout') return 'no-reply';
  if (came.kind === 'closed' || came.kind === 'garbage') return came.kind;
  return came.status === undefined ? 'wrong-form' : `status-${came.status}`;
}

function alternatives(expected: Expectation): readonly OneExpectation[] {
  return 'anyOf' in expected ? expected.anyOf : [expected];
}

function showEntries(entries: readonly Entry[]): string {
  return entries.map(({ key, value }) => `${showBytes(key)}=${showBytes(value)}`).join(' ') || '(none)';
}

function splitCredentials(credentials = ''): [string, string] {
  const colon = credentials.indexOf(':');
  return colon < 0 ? ['', credentials] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
}
