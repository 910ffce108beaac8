/**
 * A small server that withstands a kill, for the tests of the durability cases alone: nothing of our own server is in
 * it. It knows as much of each profile as those cases ask for.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { FLAG, FLAGS, type FlagName } from '../../../protocol/flags.ts';
import { operationName } from '../../../protocol/operations.ts';
import { DurableStore, stall, type Defect, type Item } from './store.ts';

interface Request {
  readonly op: string | undefined;
  readonly opcode: number;
  readonly id: number;
  readonly flags: number;
  readonly fields: Partial<Record<FlagName, number>>;
  readonly key: string;
  readonly value: string;
}

interface Reply {
  readonly status: number;
  readonly fields?: Partial<Record<FlagName, number>>;
  readonly value?: string;
}

const OK: Reply = { status: 200 };
const MISS: Reply = { status: 404 };
const HEAD_BYTES = 8;
const FRAME_BYTES_MAX = 1 << 20;
const LAST_READ_MS = 100;
const NOISE = `${'\u001b[31m listening on tcp://127.0.0.1:1 '.repeat(20)}\n`;

const HELLO = {
  protocol: '1',
  server: 'durable-subject 1',
  profiles: 'core standard prefix locks durable',
  'max-key': '250',
  'max-value': '8192',
  'max-frame': String(FRAME_BYTES_MAX),
};

function entry(key: string, value: string): string {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(key.length);
  head.writeUInt32BE(value.length, 2);
  return head.toString('latin1') + key + value;
}

function read(body: Buffer): Request {
  const flags = body.readUInt8(1);
  const fields: Partial<Record<FlagName, number>> = {};
  let at = HEAD_BYTES;
  for (const name of Object.keys(FLAGS) as FlagName[]) {
    const { bit, fieldBytes } = FLAGS[name];
    if ((flags & bit) === 0) continue;
    if (fieldBytes > 0) fields[name] = Number(BigInt(`0x${body.toString('hex', at, at + fieldBytes)}`));
    at += fieldBytes;
  }
  const keyEnd = at + body.readUInt16BE(2);
  const opcode = body.readUInt8(0);
  const key = body.toString('latin1', at, keyEnd);
  const id = body.readUInt32BE(4);
  return { op: operationName(opcode), opcode, id, flags, fields, key, value: body.toString('latin1', keyEnd) };
}

function write({ opcode, id }: Request, { status, fields = {}, value = '' }: Reply): Buffer {
  const head = Buffer.alloc(4 + HEAD_BYTES);
  head.writeUInt8(opcode | 0x80, 4);
  head.writeUInt16BE(status, 6);
  head.writeUInt32BE(id, 8);
  const parts: Buffer[] = [head];
  for (const name of Object.keys(FLAGS) as FlagName[]) {
    const number = fields[name];
    if (number === undefined) continue;
    head[5] = (head[5] ?? 0) | FLAG[name];
    parts.push(Buffer.from(number.toString(16).padStart(FLAGS[name].fieldBytes * 2, '0'), 'hex'));
  }
  const bytes = Buffer.concat([...parts, Buffer.from(value, 'latin1')]);
  bytes.writeUInt32BE(bytes.length - 4);
  return bytes;
}

class Server {
  readonly #store: DurableStore;
  readonly #defect: Defect;
  readonly #locks = new Map<string, number>();

  constructor(store: DurableStore, defect: Defect) {
    this.#store = store;
    this.#defect = defect;
  }

  answer(request: Request): Reply {
    const store = this.#store;
    const { op, key, value } = request;
    if (op === 'HELLO') {
      const entries = Object.entries(HELLO);
      return { status: 200, value: entries.map(([name, text]) => entry(name, text)).join('') };
    }
    if (op === 'PING') return { status: 200, value };
    if (op === 'SYNC') {
      if (request.flags !== 0 || key !== '' || value !== '') return { status: 400 };
      store.sync();
    }
    if (op === 'RESET') store.reset();
    if (op === 'SYNC' || op === 'RESET' || op === 'QUIT') return OK;
    if ((request.flags & FLAG.PREFIX) !== 0) return this.#prefixSet(request);
    const item = store.get(key);
    if (op === 'SET') return this.#set(request, item);
    if (item === undefined) return MISS;
    if (op === 'GET') return this.#get(request, item);
    if (op === 'DELETE') store.delete(key);
    else if (op === 'APPEND') return this.#put(request, { ...item, value: item.value + value });
    else if (op === 'TOUCH') store.set(key, { ...item, ...this.#expiry(request) });
    else if (op === 'UNLOCK') this.#locks.delete(key);
    else if (op === 'LOCK') return this.#lock(key);
    else return { status: 405 };
    return OK;
  }

  #expiry({ fields }: Request): { ttlMs: number; expiresMs: number } {
    const ttlMs = fields.TTL ?? 0;
    return { ttlMs, expiresMs: ttlMs === 0 ? 0 : Date.now() + ttlMs };
  }

  #set(request: Request, item: Item | undefined): Reply {
    const { VERSION: version, TAG: tag = 0 } = request.fields;
    if (version !== undefined && item === undefined) return MISS;
    if (version !== undefined && item?.version !== version) return { status: 409 };
    return this.#put(request, { value: request.value, tag, version: 0, ...this.#expiry(request) });
  }

  #put({ key, flags }: Request, item: Item): Reply {
    const version = this.#store.next();
    this.#store.set(key, { ...item, version });
    return (flags & FLAG.DETAIL) === 0 ? OK : { status: 200, fields: { VERSION: version } };
  }

  #get({ flags }: Request, { value, tag, expiresMs, version }: Item): Reply {
    const known = tag === 0 ? {} : { TAG: tag };
    if ((flags & FLAG.DETAIL) === 0) return { status: 200, fields: known, value };
    const left = expiresMs === 0 ? {} : { TTL: Math.max(1, expiresMs - Date.now()) };
    return { status: 200, fields: { ...known, ...left, VERSION: version }, value };
  }

  #lock(key: string): Reply {
    if (this.#locks.has(key)) return { status: 423 };
    const token = this.#store.next();
    this.#locks.set(key, token);
    return { status: 200, fields: { TOKEN: token } };
  }

  #prefixSet(request: Request): Reply {
    const names = [...this.#store.items.keys()].filter((name) => name.startsWith(request.key));
    for (const name of names) {
      const item = this.#store.get(name);
      if (item === undefined) continue;
      if (this.#defect === 'prefix-in-halves') {
        this.#store.set(name, { ...item, value: request.value });
        stall(1);
      }
      this.#set({ ...request, key: name }, item);
    }
    return names.length === 0 ? MISS : { status: 200, fields: { NUMBER: names.length } };
  }
}

/** Serves until SIGTERM or SIGINT; the process then ends by itself. */
export function serveDurable(dataPath: string, port: number, defect: Defect): void {
  const store = new DurableStore(dataPath, defect);
  const server = new Server(store, defect);
  const sockets = new Set<Socket>();
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    const slow: Request[] = [];
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const end = 4 + pending.readUInt32BE(0);
        const request = read(pending.subarray(4, end));
        if (defect === 'noisy-output') process.stderr.write(NOISE);
        pending = pending.subarray(end);
        if (defect === 'ends-without-answering') {
          // One after the other, so that a signal meets some that are not answered.
          if (slow.push(request) === 1) setTimeout(answerSlowly, 1);
        } else socket.write(write(request, server.answer(request)));
      }
    });

    function answerSlowly(): void {
      const request = slow.shift();
      if (request === undefined || socket.destroyed) return;
      socket.write(write(request, server.answer(request)));
      if (slow.length > 0) setTimeout(answerSlowly, 1);
    }
  }).listen(port, '127.0.0.1', () => {
    const { port: bound } = listener.address() as AddressInfo;
    process.stdout.write(`listening on tcp://127.0.0.1:${bound}\n`);
  });
  if (defect === 'ends-by-the-signal') return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());

  function stop(): void {
    if (defect === 'ignores-sigterm') return;
    if (defect === 'ends-with-status-1') process.exitCode = 1;
    listener.close();
    const end = (): void => {
      for (const socket of sockets) {
        if (defect === 'ends-without-answering') socket.destroy();
        else socket.end(() => socket.destroy());
      }
      store.close();
    };
    // What has arrived is still read.
    setTimeout(end, defect === 'ends-without-answering' ? 0 : LAST_READ_MS);
  }
}
