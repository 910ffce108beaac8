/** The worked examples of section 10, byte by byte. */
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { describeIncoming } from '../match.ts';
import { fromHex, sameBytes, toHex } from '../wire/bytes.ts';

const example = area({ profile: 'core', needs: ['reset'], isolation: 'exclusive' });

const HEAD_END = 12;

interface Exchange {
  readonly what: string;
  readonly request: string;
  /** In hex; `v` stands for a digit of a version, which need not be 4 where writes came before. */
  readonly reply: string;
}

/** An error may carry a text where the example shows none: then only the length and what is behind the head differ. */
function matches(wanted: string, came: Buffer): boolean {
  const pattern = wanted.replace(/\s+/g, '');
  const status = Number.parseInt(pattern.slice(12, 16), 16);
  const shown = status >= 400 ? toHex(came.subarray(4, HEAD_END)) : toHex(came);
  const want = status >= 400 ? pattern.slice(8) : pattern;
  return new RegExp(`^${want.replace(/v/g, '[0-9a-f]')}$`).test(shown);
}

async function run(context: CaseContext, exchanges: readonly Exchange[]): Promise<void> {
  const connection = await context.connection('a');
  for (const { what, request, reply } of exchanges) {
    connection.send(fromHex(request));
    const came = await context.take(connection);
    const same = (came.kind === 'binary' || came.kind === 'json') && matches(reply, came.bytes);
    if (same) continue;
    const observed = came.kind === 'binary' || came.kind === 'json' ? toHex(came.bytes) : describeIncoming(came);
    context.fail(`${what} is answered with ${reply}`, observed, 'Section 10 shows these bytes.');
  }
}

const FRAMING: Exchange = { what: 'a length of 0', request: '00000000', reply: '00000008 80 00 0190 00000000' };

const CORE: readonly Exchange[] = [
  {
    what: 'SET foo bar',
    request: '0000000e 11 00 0003 00000001 666f6f 626172',
    reply: '00000008 91 00 00c8 00000001',
  },
  {
    what: 'GET foo',
    request: '0000000b 10 00 0003 00000002 666f6f',
    reply: '0000000b 90 00 00c8 00000002 626172',
  },
  {
    what: 'GET nope',
    request: '0000000c 10 00 0004 00000003 6e6f7065',
    reply: '00000008 90 00 0194 00000003',
  },
];

const MORE: readonly Exchange[] = [
  {
    what: 'SET foo 1 with a TTL of 5 s',
    request: '00000014 11 01 0003 00000004 0000000000001388 666f6f 31',
    reply: '00000008 91 00 00c8 00000004',
  },
  {
    what: 'INCREMENT foo by 2',
    request: '00000013 17 08 0003 00000005 0000000000000002 666f6f',
    reply: '00000010 97 08 00c8 00000005 0000000000000003',
  },
  {
    what: 'SET fox x with TAG 7',
    request: '00000010 11 04 0003 00000006 00000007 666f78 78',
    reply: '00000008 91 00 00c8 00000006',
  },
  {
    what: 'GET fox with DETAIL',
    request: '0000000b 10 20 0003 00000007 666f78',
    reply: '00000015 90 06 00c8 00000007 vvvvvvvvvvvvvvvv 00000007 78',
  },
  {
    what: 'KEYS fo, at most 1',
    request: '00000012 22 08 0002 00000008 0000000000000001 666f',
    reply: '00000019 a2 08 00ce 00000008 0000000000000001 0003 00000000 666f6f',
  },
  {
    what: 'DELETE of what starts with fo',
    request: '0000000a 16 40 0002 00000009 666f',
    reply: '00000010 96 08 00c8 00000009 0000000000000002',
  },
];

const JSON_MISS: Exchange = {
  what: 'GET foo as JSON',
  request: '0000001d 7b22636f6d6d616e64223a22474554222c226b6579223a22666f6f227d',
  reply: '00000013 7b227374617475735f636f6465223a3430347d',
};

/** The server is empty, and a framing error ends the connection, which is checked when the case ends. */
async function fromEmpty(context: CaseContext, exchanges: readonly Exchange[]): Promise<void> {
  await context.ask({ op: 'RESET' }, { status: 200 }, 'before');
  await run(context, exchanges);
  const connection = await context.connection('a');
  connection.send(fromHex(FRAMING.request));
  const answered = { as: 'answered', status: 400 };
  const came = await context.recv({ anyOf: [answered, { as: 'closed', closed: true, warn: true }] });
  if (came.kind === 'binary' && !matches(FRAMING.reply, came.bytes)) {
    context.fail(`${FRAMING.what} is answered with ${FRAMING.reply}`, toHex(came.bytes));
  }
}

export const exampleCases: readonly Case[] = [
  example({
    id: 'examples.core',
    clauses: ['FRAME-1', 'FRAME-5', 'GET-1', 'SET-1', 'FRAME-3'],
    why: 'Whoever writes a client copies these bytes first; a server that answers otherwise is another protocol.',
    run: (context) => fromEmpty(context, CORE),
  }),
  example({
    id: 'examples.binary',
    also: ['standard', 'prefix'],
    clauses: ['FRAME-6', 'INCREMENT-1', 'GET-2', 'LIST-3', 'PREFIX-2', 'FRAME-3'],
    why: 'The examples go on from each other: a TTL that INCREMENT loses, or a TAG that is not sent, shows at the end.',
    run: (context) => fromEmpty(context, [...CORE, ...MORE]),
  }),
  example({
    id: 'examples.json',
    profile: 'json',
    clauses: ['JSON-1', 'JSON-2'],
    why: 'The same, for whoever writes a client of the original’s dialect.',
    run: async (context) => {
      await context.ask({ json: '{"command":"RST"}' }, { json: 200 }, 'before');
      const connection = await context.connection('a');
      connection.send(fromHex(JSON_MISS.request));
      const came = await context.recv({ json: 404 });
      // The envelope is JSON: spaces, or members beside status_code, are the same reply.
      const same = came.kind === 'json' && sameBytes(came.bytes, fromHex(JSON_MISS.reply));
      context.alternatives.push(same ? 'to the byte' : 'in other words');
    },
  }),
];
