/** Mutants of section 1: the byte stream, its order and its ends. */
import { OPCODE, STATUS } from '../../protocol/index.ts';
import { answerTo, frameOf, isJson, objectOf, replyOf, requestOf } from '../subjects/bodies.ts';
import { Cutter } from '../subjects/cutter.ts';
import type { Mutant } from '../subjects/subject.ts';
import { isOperation, type MakeWire } from '../subjects/wire.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Loses the byte at an offset of what a connection receives. */
const losesByte =
  (offset: number): MakeWire =>
  () => {
    let seen = 0;
    return {
      input: (chunk) => {
        const at = offset - seen;
        seen += chunk.length;
        if (at < 0 || at >= chunk.length) return chunk;
        return Buffer.concat([chunk.subarray(0, at), chunk.subarray(at + 1)]);
      },
    };
  };

/** Hands all that follows an end to somebody else. */
const carriesOnBehind = (isEnd: (body: Buffer) => boolean): MakeWire => {
  return (link) => {
    let ended = false;
    return {
      request: (body) => {
        if (ended) {
          link.aside(body);
          return undefined;
        }
        ended = isEnd(body);
        return body;
      },
    };
  };
};

const streams: readonly Mutant[] = [
  {
    name: 'byte-lost-at-64-kib',
    clause: 'TRANSPORT-2',
    about: 'The byte at offset 65536 of what a connection receives is lost between two buffers.',
    options: { maxValueBytes: 3 << 20, maxFrameBytes: 4 << 20 },
    hangs: true,
    wire: losesByte(1 << 16),
  },
  {
    name: 'length-in-one-read',
    clause: 'TRANSPORT-2',
    about: 'The four bytes of a length are taken for whole; fewer of them, at the start of a read, are thrown away.',
    hangs: true,
    wire: () => {
      const cutter = new Cutter();
      let inFrame = 0;
      return {
        input: (chunk) => {
          if (inFrame === 0 && chunk.length < 4) return Buffer.alloc(0);
          cutter.push(chunk);
          inFrame = cutter.rest().length;
          return chunk;
        },
      };
    },
  },
  {
    name: 'first-of-a-pipeline-only',
    clause: 'TRANSPORT-3',
    about: 'A request that comes before the last reply has gone is forgotten.',
    hangs: true,
    wire: () => {
      let waits = false;
      return {
        request: (body) => {
          if (waits) return undefined;
          waits = !isJson(body) && requestOf(body) !== undefined;
          return body;
        },
        reply: (body) => {
          waits = false;
          return body;
        },
      };
    },
  },
  {
    name: 'replies-out-of-order',
    clause: 'TRANSPORT-3',
    about: 'Of replies that are ready together the last comes first.',
    wire: () => ({ batch: (bodies) => bodies.toReversed() }),
  },
  {
    name: 'answers-twice',
    clause: 'TRANSPORT-3',
    about: 'Every reply is sent twice.',
    wire: () => ({ reply: (body) => [body, body] }),
  },
  {
    name: 'answers-get-twice',
    clause: 'TRANSPORT-3',
    about: 'The reply to a GET is sent twice.',
    wire: () => ({ reply: (body, request) => (isOperation(request, 'GET') ? [body, body] : body) }),
  },
  {
    name: 'carries-on-behind-quit',
    clause: 'TRANSPORT-3',
    about: 'What follows QUIT is carried out, though nobody hears of it.',
    wire: carriesOnBehind((body) => isOperation(body, 'QUIT')),
  },
  {
    name: 'carries-on-behind-a-framing-error',
    clause: 'TRANSPORT-3',
    about: 'What follows a length of 0 is carried out.',
    wire: (link) => ({
      input: (chunk) => {
        const at = chunk.indexOf(Buffer.alloc(4));
        if (at === 0) for (const body of new Cutter().push(chunk.subarray(4))) link.aside(body);
        return chunk;
      },
    }),
  },
  {
    name: 'header-alone',
    clause: 'TRANSPORT-6',
    about: 'The length is written first and the rest of the reply in another packet.',
    wire: ({ client }) => ({
      output: async (bytes) => {
        client.write(bytes.subarray(0, 4));
        await new Promise((resolve) => setTimeout(resolve, 2));
        client.write(bytes.subarray(4));
      },
    }),
  },
];

const ends: readonly Mutant[] = [
  {
    name: 'half-close-is-the-end',
    clause: 'TRANSPORT-4',
    about: 'A client that has nothing more to send is dropped, without the replies that it waits for.',
    wire: ({ client }) => ({
      output: async (bytes) => void (await turn(), client.write(bytes)),
      ended: () => client.destroy(),
    }),
  },
  {
    name: 'half-close-is-not-seen',
    clause: 'TRANSPORT-4',
    about: 'The connection stays open when the client has half-closed it.',
    hangs: true,
    wire: () => ({ ended: () => {} }),
  },
  {
    name: 'half-a-frame-is-carried-out',
    clause: 'TRANSPORT-4',
    about: 'At the end of the stream what has come of a frame is taken for the whole.',
    wire: (link) => ({
      ended: (rest) => {
        if (rest.length > 12) link.aside(rest.subarray(4));
        link.server.end();
      },
    }),
  },
];

const neighbours: readonly Mutant[] = [
  {
    name: 'bad-json-kills-the-process',
    clause: 'TRANSPORT-5',
    about: 'An envelope that is no JSON ends the server, for everybody.',
    wire: ({ host }) => ({
      request: (body) => {
        if (isJson(body) && objectOf(body) === undefined) host.crash();
        return body;
      },
    }),
  },
  {
    name: 'framing-error-closes-all',
    clause: 'TRANSPORT-5',
    about: 'After one connection’s framing error all connections are closed.',
    wire: ({ host }) => ({
      reply: (body, request) => {
        if (request !== undefined) return body;
        for (const { client } of host.links) client.end(frameOf(body));
        return [];
      },
    }),
  },
  {
    name: 'write-to-the-dead-kills-the-process',
    clause: 'TRANSPORT-5',
    about: 'A reset by one client ends the server.',
    wire: ({ host, client }) => {
      client.on('error', () => host.crash());
      return {};
    },
  },
  {
    name: 'quit-closes-all',
    clause: 'TRANSPORT-5',
    about: 'QUIT is taken for the whole server’s.',
    wire: ({ host }) => ({
      reply: (body, request) => {
        if (isOperation(request, 'QUIT')) for (const { client } of host.links) client.end();
        return body;
      },
    }),
  },
];

/** Closes with the reply to what it dislikes, or in its place. */
const hangsUp = (dislikes: (status: number) => boolean, says: boolean): MakeWire => {
  return ({ client }) => ({
    reply: (body) => {
      const status = Number(objectOf(body)?.['status_code'] ?? replyOf(body)?.status);
      if (!dislikes(status)) return body;
      client.end(says ? frameOf(body) : Buffer.alloc(0));
      return [];
    },
  });
};

const closes: readonly Mutant[] = [
  {
    name: 'hang-up-on-anything',
    clause: 'TRANSPORT-7',
    about: 'Whatever is not carried out ends the connection, without a word.',
    wire: hangsUp((status) => status >= STATUS.BAD_REQUEST, false),
  },
  {
    name: 'bad-request-then-close',
    clause: 'TRANSPORT-7',
    about: 'After every 400 and 405 the connection is closed.',
    wire: hangsUp((status) => status === STATUS.BAD_REQUEST || status === STATUS.UNKNOWN_OPCODE, true),
  },
  {
    name: 'one-request-for-each-connection',
    clause: 'TRANSPORT-7',
    about: 'After its first reply every connection is closed.',
    wire: hangsUp(() => true, true),
  },
  {
    name: 'idle-after-one-second',
    clause: 'TRANSPORT-7',
    about: 'A connection that is silent for a second is closed.',
    wire: ({ client }) => {
      client.setTimeout(1000, () => client.destroy());
      return {};
    },
  },
  {
    name: 'sixteen-connections',
    clause: 'TRANSPORT-7',
    about: 'The seventeenth connection is refused.',
    wire: ({ host, client }) => ({
      accept: () => {
        if (host.links.size > 16) client.end(frameOf(answerTo(Buffer.alloc(8), STATUS.TOO_MANY)));
      },
    }),
  },
  {
    name: 'reset-drops-all',
    clause: 'TRANSPORT-7',
    about: 'RESET starts the server anew, and with it every connection.',
    wire: (link) => ({
      reply: (body, request) => {
        if (request?.[0] !== OPCODE.RESET) return body;
        for (const { client } of link.host.links) if (client !== link.client) client.destroy();
        return body;
      },
    }),
  },
];

export const transportMutants: readonly Mutant[] = [...streams, ...ends, ...neighbours, ...closes];
