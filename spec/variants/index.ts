/** Servers that are odd and within the contract: each must pass. */
import { FLAG, OPCODE, REPLY_BIT, STATUS } from '../../protocol/index.ts';
import {
  answerTo,
  editEntries,
  editReply,
  editRequest,
  envelopeOf,
  isJson,
  replyOf,
  requestOf,
} from '../subjects/bodies.ts';
import { altered, has } from '../subjects/stores.ts';
import { checkSubjects, type Variant } from '../subjects/subject.ts';
import { isOperation, type MakeWire } from '../subjects/wire.ts';
import { claims, objects } from '../subjects/wires.ts';

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Changes the text of errors. */
const explaining = (text: string): MakeWire => {
  return () => ({
    reply: (body) =>
      editReply(body, (reply) => {
        if (reply.status >= STATUS.BAD_REQUEST) reply.setValue(Buffer.from(text));
      }),
  });
};

/** Changes envelopes’ texts. */
const texts = (change: (text: string) => string): MakeWire => {
  return () => ({ reply: (body) => (isJson(body) ? Buffer.from(change(body.toString())) : body) });
};

const isFramingError = (body: Buffer): boolean => {
  const reply = replyOf(body);
  return body[0] === REPLY_BIT && reply?.id === 0 && (reply.status === 400 || reply.status === 413);
};

const streams: readonly Variant[] = [
  {
    name: 'as-it-comes',
    about: 'Our server with its own limits.',
    options: { maxKeyBytes: 4 << 10, maxValueBytes: 8 << 20, maxFrameBytes: 16 << 20 },
  },
  {
    name: 'through-a-wire',
    about: 'Our server behind a wire that cuts and joins frames and changes nothing.',
    wire: () => ({ request: (body) => body, reply: (body) => body }),
  },
  {
    name: 'one-byte-segments',
    about: 'The first kilobyte of each write comes in packets of one byte.',
    wire: ({ client }) => ({
      output: (bytes) => {
        for (let at = 0; at < Math.min(1024, bytes.length); at += 1) client.write(bytes.subarray(at, at + 1));
        if (bytes.length > 1024) client.write(bytes.subarray(1024));
      },
    }),
  },
  {
    name: 'coalesced-replies',
    about: 'Replies are collected for five milliseconds and sent together.',
    wire: (link) => {
      let collected: Buffer[] = [];
      const flush = (): void => {
        link.write(Buffer.concat(collected));
        collected = [];
      };
      return {
        output: (bytes) => {
          collected.push(bytes);
          if (collected.length === 1) setTimeout(flush, 5);
        },
        serverEnded: () => {
          flush();
          link.client.end();
        },
      };
    },
  },
  {
    name: 'latency-of-100-ms',
    about: 'Every reply takes a tenth of a second.',
    wire: (link) => {
      let last: Promise<unknown> = Promise.resolve();
      // Timers that end together need not end in their order.
      const late = (work: () => void): void => void (last = Promise.all([last, after(100)]).then(work));
      return {
        output: (bytes) => late(() => link.write(bytes)),
        serverEnded: () => late(() => link.client.end()),
      };
    },
  },
  {
    name: 'jitter',
    about: 'Every reply takes up to twenty milliseconds, each another time.',
    wire: (link) => {
      let round = 0;
      return {
        output: async (bytes) => {
          round += 7;
          await after(round % 20);
          link.write(bytes);
        },
      };
    },
  },
  {
    name: 'header-and-body-apart',
    about: 'Four bytes come in a packet of their own, against the advice of TRANSPORT-6.',
    wire: (link) => ({
      output: async (bytes) => {
        link.write(bytes.subarray(0, 4));
        await turn();
        link.write(bytes.subarray(4));
      },
    }),
  },
];

const ends: readonly Variant[] = [
  {
    name: 'rst-after-a-framing-error',
    about: 'A framing error is answered, and the connection reset a moment later.',
    wire: (link) => ({
      serverEnded: () =>
        void (link.host.memory.has(`${link.client.remotePort}`) ? link.client.resetAndDestroy() : link.client.end()),
      reply: (body) => {
        if (isFramingError(body)) link.host.memory.set(`${link.client.remotePort}`, true);
        return body;
      },
    }),
  },
  {
    name: 'fin-without-a-reply-to-a-framing-error',
    about: 'A framing error is not answered, against the advice of FRAME-3.',
    wire: () => ({ reply: (body) => (isFramingError(body) ? [] : body) }),
  },
  {
    name: 'idle-for-ten-seconds-at-most',
    about: 'The limits on time are the shortest that TRANSPORT-7 allows.',
    options: { idleTimeoutMs: 10_000, frameTimeoutMs: 2000, unsentTimeoutMs: 1000 },
  },
  {
    name: 'thirty-two-connections',
    about: 'The thirty-third connection is refused, as early as TRANSPORT-7 allows.',
    options: { maxConnections: 32 },
    oneAtATime: true,
  },
  {
    name: 'sixty-four-connections',
    about: 'The sixty-fifth connection is refused.',
    options: { maxConnections: 64 },
    oneAtATime: true,
  },
];

const limits: readonly Variant[] = [
  {
    name: 'smallest-limits',
    about: 'Keys of 250 bytes, values of 1024, and frames that just hold both.',
    options: { maxKeyBytes: 250, maxValueBytes: 1024, maxFrameBytes: 250 + 1024 + 64 },
  },
  {
    name: 'longest-keys',
    about: 'Keys of 65535 bytes.',
    options: { maxKeyBytes: 65_535, maxValueBytes: 64 << 10, maxFrameBytes: 256 << 10 },
  },
  { name: 'json-of-64-levels', about: 'Deeper JSON is refused.', options: { maxJsonDepth: 64 } },
  {
    name: 'too-deep-is-400',
    about: 'JSON that is nested too deep is malformed.',
    options: { maxJsonDepth: 64 },
    wire: () => ({
      reply: (body, request) => {
        const isDeep = isJson(body) && request?.includes('[[[[');
        return isDeep ? Buffer.from(body.toString().replace('"status_code":413', '"status_code":400')) : body;
      },
    }),
  },
  {
    name: 'one-item-a-page',
    about: 'Listings come one item at a time.',
    store: (base) => ({
      list: (request, reply, page) =>
        base.list(altered(request, { flags: request.flags | FLAG.NUMBER, number: 1n }), reply, page),
    }),
  },
  {
    name: 'three-items-a-page',
    about: 'Listings come three items at a time, or fewer if fewer were asked for.',
    store: (base) => ({
      list: (request, reply, page) => {
        const most = has(request, FLAG.NUMBER) && request.number < 3n ? request.number : 3n;
        base.list(altered(request, { flags: request.flags | FLAG.NUMBER, number: most }), reply, page);
      },
    }),
  },
];

const words: readonly Variant[] = [
  { name: 'no-error-text', about: 'Errors explain nothing.', wire: explaining('') },
  {
    name: 'long-error-text',
    about: 'Errors explain themselves in a thousand characters of three bytes.',
    wire: explaining('…'.repeat(1000)),
  },
  {
    name: 'json-members-the-other-way-round',
    about: 'value comes before status_code.',
    wire: texts((text) => text.replace(/^\{("status_code":200),("value":[\s\S]*)\}$/, '{$2,$1}')),
  },
  {
    name: 'json-with-white-space',
    about: 'Envelopes have spaces and line ends between all tokens of their own.',
    wire: texts((text) =>
      text.replace(/^\{"status_code":(\d+)/, '{\r\n\t "status_code" : $1 ').replace(/\}$/, ' \n}\n'),
    ),
  },
  {
    name: 'json-with-more-members',
    about: 'Envelopes carry members that nobody asked for.',
    wire: texts((text) => text.replace(/\}$/, ',"message":"ok","took":{"ms":0.1}}')),
  },
  {
    name: 'json-with-escapes',
    about: 'Whatever is not ASCII is escaped.',
    wire: texts((text) =>
      text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ),
  },
  {
    name: 'hello-with-more-entries',
    about: 'HELLO tells more than it must, and in another order.',
    wire: claims(
      (entries) =>
        new Map([['cluster', 'none'], ['', 'an empty name'], ...[...entries].toReversed(), ['motd', 'Grüß Gott']]),
    ),
  },
  {
    name: 'stats-with-more-entries',
    about: 'STATS tells more than it must, and in another order.',
    wire: claims((entries) => new Map([['load', '0.5'], ...[...entries].toReversed(), ['node', 'n1']]), OPCODE.STATS),
  },
  {
    name: 'meta-with-more-entries',
    about: 'META tells more than it must, and in another order.',
    wire: claims(
      (entries) => new Map([['shard', '7'], ...[...entries].toReversed(), ['frequency', '255']]),
      OPCODE.META,
    ),
  },
];

const FAR = 2 ** 40;
const STEP = 1009;
const back = (value: number): number => (value % STEP === FAR % STEP ? (value - FAR) / STEP : 0);
const far = (value: number): number => value * STEP + FAR;

const choices: readonly Variant[] = [
  {
    name: 'versions-that-jump',
    about: 'Versions and tokens begin far up and grow by a thousand at a time.',
    wire: () => ({
      request: (body) =>
        editRequest(body, (request) => {
          request.version = back(request.version);
          request.token = back(request.token);
        }),
      reply: (body, request) =>
        isOperation(request, 'META') && replyOf(body)?.status === STATUS.OK
          ? editEntries(body, (entries) => entries.set('version', `${far(Number(entries.get('version')))}`))
          : editReply(body, (reply) => {
              reply.version = far(reply.version);
              reply.token = far(reply.token);
            }),
    }),
  },
  {
    name: 'locked-before-conflict',
    about: 'Where an item is locked and of another version, 423 is told, against the advice of STATUS-2.',
    store: (base) => ({
      set: (request, reply) => {
        base.set(request, reply);
        const lockMs = base.meta(request)?.lockMs ?? 0;
        if (reply.status === STATUS.CONFLICT && lockMs !== 0 && !has(request, FLAG.TOKEN)) reply.status = STATUS.LOCKED;
      },
    }),
  },
  {
    name: 'a-failed-auth-takes-access-back',
    about: 'A failed AUTH takes back what one before it gave, which AUTH-1 does not speak of.',
    options: { auth: ['user:pass:word', ':'] },
    wire: (link) => {
      let isShut = false;
      return {
        request: (body) => {
          if (!isShut || isOperation(body, 'AUTH') || isOperation(body, 'PING')) return body;
          return link.answer(isJson(body) ? envelopeOf({ status_code: 401 }) : answerTo(body, STATUS.UNAUTHENTICATED));
        },
        reply: (body, request) => {
          if (!isOperation(request, 'AUTH')) return body;
          const status = body.readUInt16BE(2);
          if (status !== STATUS.BAD_REQUEST) isShut = status !== STATUS.OK;
          return body;
        },
      };
    },
  },
  {
    name: 'what-does-not-fit-is-400',
    about: 'An unknown opcode in a frame that does not hold its fields is 400.',
    wire: () => ({
      reply: (body, request) => {
        const isCut = request !== undefined && !isJson(request) && requestOf(request) === undefined;
        return isCut ? editReply(body, (reply) => void (reply.status = STATUS.BAD_REQUEST)) : body;
      },
    }),
  },
  {
    name: 'far-ttls-are-kept',
    about: 'A TTL above 2^53 − 1 is taken for that, and not for 0.',
    wire: () => ({
      request: (body) =>
        editRequest(body, (request) => void (request.ttlMs = Math.min(request.ttlMs, Number.MAX_SAFE_INTEGER))),
    }),
  },
  {
    name: 'numbers-via-double-in-json',
    about: 'JSON is parsed and printed again, against the advice of JSON-7.',
    wire: objects((reply) => reply),
  },
];

const profiles: readonly Variant[] = [
  { name: 'core-alone', about: 'Nothing but core is offered.', options: { profiles: ['core'] } },
  { name: 'json-and-core', about: 'What the original server offers.', options: { profiles: ['json', 'core'] } },
  {
    name: 'core-and-standard',
    about: 'Neither JSON, nor prefixes, nor locks.',
    options: { profiles: ['core', 'standard'] },
  },
  {
    name: 'without-locks',
    about: 'Everything but locks.',
    options: { profiles: ['json', 'core', 'standard', 'prefix', 'insight'] },
  },
  {
    name: 'without-prefix',
    about: 'Everything but prefixes.',
    options: { profiles: ['json', 'core', 'standard', 'locks', 'insight'] },
  },
  { name: 'asks-for-auth', about: 'AUTH is needed.', options: { auth: ['user:pass:word', ':'] } },
];

const processes: readonly Variant[] = [
  { name: 'keeps-items-on-disk', about: 'A process that writes before it answers.', durable: 'none' },
  {
    name: 'writes-at-sync',
    about: 'What was not synced is lost in a kill, against the advice of DURABLE-4.',
    durable: 'writes-at-sync',
  },
  {
    name: 'noisy-output',
    about: 'A process that prints lines at every request, one of which looks as if it listened elsewhere.',
    durable: 'noisy-output',
  },
];

export const VARIANTS: readonly Variant[] = checkSubjects([
  ...streams,
  ...ends,
  ...limits,
  ...words,
  ...choices,
  ...profiles,
  ...processes,
]);
