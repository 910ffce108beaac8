/** Mutants of section 7: the JSON envelope. */
import { FLAG, STATUS, TAG, type RequestFrame } from '../../protocol/index.ts';
import { answerTo, editRequest, isJson, keyIn, objectOf, setKey } from '../subjects/bodies.ts';
import { altered, find, has } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import type { MakeWire } from '../subjects/wire.ts';
import { answers, jsonRequests, objects } from '../subjects/wires.ts';

type Json = Record<string, unknown>;

/** The dialect of JSON has no ids, and leaves them 0. */
const isFromJson = ({ id }: RequestFrame): boolean => id === 0;

/** Changes envelopes’ texts in place, so that numbers and escapes stay as they are written. */
const texts = (change: (text: string, request: Json | undefined) => string): MakeWire => {
  return () => ({
    reply: (body, request) => (isJson(body) ? Buffer.from(change(body.toString(), objectOf(request))) : body),
  });
};

/** How deep arrays and objects are nested. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const envelopes: readonly Mutant[] = [
  {
    name: 'status-code-is-a-string',
    clause: 'JSON-1',
    about: 'status_code is "200".',
    wire: texts((text) => text.replace(/^\{"status_code":(\d+)/, '{"status_code":"$1"')),
  },
  {
    name: 'get-without-value',
    clause: 'JSON-1',
    about: 'What a GET found is in the member data.',
    wire: texts((text) => text.replace(/^(\{"status_code":200,)"value"/, '$1"data"')),
  },
  {
    name: 'commands-in-small-letters',
    clause: 'JSON-1',
    about: 'get is another name of GET.',
    wire: jsonRequests((object) => {
      const { command } = object;
      return typeof command === 'string' ? { ...object, command: command.toUpperCase() } : object;
    }),
  },
  {
    name: 'a-miss-is-null',
    clause: 'JSON-2',
    about: 'A GET of nothing is 200 with null.',
    wire: objects((reply, request) =>
      request?.['command'] === 'GET' && reply['status_code'] === STATUS.NOT_FOUND
        ? { status_code: 200, value: null }
        : reply,
    ),
  },
  {
    name: 'del-is-always-200',
    clause: 'JSON-2',
    about: 'DEL of nothing is 200.',
    wire: objects((reply, request) =>
      request?.['command'] === 'DEL' && reply['status_code'] === STATUS.NOT_FOUND ? { status_code: 200 } : reply,
    ),
  },
  {
    name: 'null-is-no-value',
    clause: 'JSON-2',
    about: 'A SET of null removes the item.',
    wire: jsonRequests((object) => {
      if (object['command'] !== 'SET' || object['value'] !== null) return object;
      return { command: 'DEL', key: object['key'] };
    }),
  },
  {
    name: 'rst-removes-nothing',
    clause: 'JSON-2',
    about: 'RST is answered with 200, and everything stays.',
    wire: answers((body) => (objectOf(body)?.['command'] === 'RST' ? STATUS.OK : undefined)),
  },
];

const refusals: readonly Mutant[] = [
  {
    name: 'delete-is-del',
    clause: 'JSON-3',
    about: 'DELETE is another name of DEL.',
    wire: jsonRequests((object) => (object['command'] === 'DELETE' ? { ...object, command: 'DEL' } : object)),
  },
  {
    name: 'other-members-are-refused',
    clause: 'JSON-3',
    about: 'A member that is not known is malformed.',
    wire: answers((body) => {
      const names = Object.keys(objectOf(body) ?? {});
      return names.every((name) => ['command', 'key', 'value'].includes(name)) ? undefined : STATUS.BAD_REQUEST;
    }),
  },
  {
    name: 'nested-32-levels',
    clause: 'JSON-3',
    about: 'Values nested more than 32 levels deep are refused.',
    wire: answers((body) => (depthOf(objectOf(body)?.['value']) > 32 ? STATUS.BAD_REQUEST : undefined)),
  },
  {
    name: 'lenient-json',
    clause: 'JSON-3',
    about: 'Commas behind the last member are passed over.',
    wire: () => ({
      request: (body) =>
        isJson(body) && objectOf(body) === undefined
          ? Buffer.from(body.toString('latin1').replace(/,\s*([}\]])/g, '$1'), 'latin1')
          : body,
    }),
  },
  {
    name: 'numbers-are-keys',
    clause: 'JSON-3',
    about: 'A key that is a number is its digits.',
    wire: jsonRequests((object) =>
      typeof object['key'] === 'number' ? { ...object, key: `${object['key']}` } : object,
    ),
  },
  {
    name: 'locked-is-a-defect',
    clause: 'JSON-4',
    about: 'Where a binary request gets 423, JSON gets 503.',
    wire: objects((reply) => (reply['status_code'] === STATUS.LOCKED ? { status_code: STATUS.UNAVAILABLE } : reply)),
  },
  {
    name: 'too-large-is-malformed',
    clause: 'JSON-4',
    about: 'Where a binary request gets 413, JSON gets 400.',
    wire: objects((reply) => (reply['status_code'] === STATUS.TOO_LARGE ? { status_code: STATUS.BAD_REQUEST } : reply)),
  },
];

const forms: readonly Mutant[] = [
  {
    name: 'json-replies-come-last',
    clause: 'JSON-5',
    about: 'Of replies that are ready together the binary ones come first.',
    wire: () => ({ batch: (bodies) => bodies.toSorted((a, b) => Number(isJson(a)) - Number(isJson(b))) }),
  },
  {
    name: 'form-of-the-first-request',
    clause: 'JSON-5',
    about: 'A connection that has begun in binary does not know JSON.',
    wire: () => {
      let isBinary = false;
      return {
        request: (body) => {
          isBinary ||= !isJson(body);
          return body;
        },
        reply: (body) => {
          if (!isBinary || !isJson(body)) return body;
          return answerTo(Buffer.alloc(8), STATUS.UNKNOWN_OPCODE);
        },
      };
    },
  },
  {
    name: 'strings-are-stored-as-json',
    clause: 'JSON-6',
    about: 'A string is stored with its quotes, with TAG 3.',
    store: (base) => ({
      set: (request, reply) => {
        if (request.tag !== TAG.TEXT || !isFromJson(request)) return base.set(request, reply);
        const text = Buffer.from(request.valueBytes.subarray(request.valueStart, request.valueEnd)).toString();
        const value = Buffer.from(JSON.stringify(text));
        base.set(altered(request, { tag: TAG.JSON, valueBytes: value, valueStart: 0, valueEnd: value.length }), reply);
      },
    }),
  },
  {
    name: 'json-has-keys-of-its-own',
    clause: 'JSON-6',
    about: 'What is set in one form is not seen in the other.',
    options: { maxKeyBytes: 251, maxValueBytes: 8 << 10, maxFrameBytes: 32 << 10 },
    wire: () => ({
      request: (body) =>
        editRequest(body, (request) => {
          const isItem = keyIn(request).length > 0 && (request.flags & FLAG.PREFIX) === 0;
          if (isItem) setKey(request, Buffer.concat([keyIn(request), Buffer.of(0xff)]));
        }),
    }),
  },
  {
    name: 'tag-3-is-a-string',
    clause: 'JSON-6',
    about: 'GET through JSON gives what a binary client stored with TAG 3 as a string.',
    store: (base) => {
      const binary = new Set<string>();
      return {
        set: (request, reply) => {
          base.set(request, reply);
          if (!isFromJson(request)) binary.add(keyIn(request).toString('hex'));
        },
        get: (request, reply) => {
          base.get(request, reply);
          const isForeign = isFromJson(request) && binary.has(keyIn(request).toString('hex'));
          if (isForeign && has(reply, FLAG.TAG) && reply.tag === TAG.JSON) reply.tag = TAG.TEXT;
        },
      };
    },
  },
  {
    name: 'no-utf8-is-replaced',
    clause: 'JSON-6',
    about: 'Bytes that are no UTF-8 come back as U+FFFD.',
    store: (base) => ({
      get: (request, reply) => {
        base.get(request, reply);
        const item = find(base, request);
        if (isFromJson(request) && item !== undefined) reply.setValue(Buffer.from(item.value.toString('utf8')));
      },
    }),
  },
  {
    name: 'json-numbers-via-double',
    clause: 'JSON-7',
    about: 'Values are parsed and printed again.',
    wire: objects((reply) => reply),
  },
];

export const jsonMutants: readonly Mutant[] = [...envelopes, ...refusals, ...forms];
