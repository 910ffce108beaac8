/** Mutants of AUTH-1: who is let in, and for how long. */
import { OPCODE, RequestFrame, STATUS } from '../../protocol/index.ts';
import {
  answerTo,
  editReply,
  editRequest,
  envelopeOf,
  isJson,
  requestBody,
  setValue,
  valueIn,
} from '../subjects/bodies.ts';
import type { Mutant } from '../subjects/subject.ts';
import { isOperation, type MakeWire } from '../subjects/wire.ts';

const USER = 'user';
const PASSWORD = 'pass:word';
const options = { auth: [`${USER}:${PASSWORD}`] };

const credentials = Buffer.from(`${USER}\0${PASSWORD}`);

/** The AUTH that our server takes. */
function goodAuth(): Buffer {
  const request = new RequestFrame();
  request.opcode = OPCODE.AUTH;
  setValue(request, credentials);
  return requestBody(request);
}

/** Lets a connection in when it sends something. */
const opening = (opens: (body: Buffer) => boolean): MakeWire => {
  return (link) => {
    let isOpen = false;
    return {
      request: (body) => {
        if (!isOpen && opens(body)) {
          isOpen = true;
          link.ask(goodAuth());
        }
        return body;
      },
    };
  };
};

/** Changes what AUTH says before it is compared. */
const comparing = (change: (value: Buffer) => Buffer): MakeWire => {
  return () => ({
    request: (body) =>
      isOperation(body, 'AUTH') ? editRequest(body, (request) => setValue(request, change(valueIn(request)))) : body,
  });
};

export const authMutants: readonly Mutant[] = [
  {
    name: 'json-needs-no-auth',
    clause: 'AUTH-1',
    about: 'An envelope lets a connection in.',
    options,
    wire: opening(isJson),
  },
  {
    name: 'get-needs-no-auth',
    clause: 'AUTH-1',
    about: 'A GET lets a connection in.',
    options,
    wire: opening((body) => isOperation(body, 'GET')),
  },
  {
    name: 'stats-need-no-auth',
    clause: 'AUTH-1',
    about: 'STATS lets a connection in.',
    options,
    wire: opening((body) => isOperation(body, 'STATS')),
  },
  {
    name: 'auth-is-for-all',
    clause: 'AUTH-1',
    about: 'After one connection’s AUTH all connections are let in.',
    options,
    wire: (link) => {
      let isOpen = false;
      return {
        request: (body) => {
          if (!isOpen && link.host.memory.has('open') && !isOperation(body, 'AUTH')) link.ask(goodAuth());
          isOpen ||= link.host.memory.has('open');
          return body;
        },
        reply: (body, request) => {
          if (isOperation(request, 'AUTH') && body.readUInt16BE(2) === STATUS.OK) link.host.memory.set('open', true);
          return body;
        },
      };
    },
  },
  {
    name: 'any-password',
    clause: 'AUTH-1',
    about: 'Whatever the password is, it is right.',
    options,
    wire: comparing((value) => (value.includes(0) ? credentials : value)),
  },
  {
    name: 'user-is-not-compared',
    clause: 'AUTH-1',
    about: 'The password is enough.',
    options,
    wire: comparing((value) =>
      value.includes(0) ? Buffer.concat([Buffer.from(USER), value.subarray(value.indexOf(0))]) : value,
    ),
  },
  {
    name: 'passwords-of-eight-bytes',
    clause: 'AUTH-1',
    about: 'The first eight bytes of a password are compared.',
    options,
    wire: comparing((value) => {
      const given = credentials.subarray(0, USER.length + 1 + 8);
      return value.subarray(0, given.length).equals(given) ? credentials : value;
    }),
  },
  {
    name: 'ping-needs-auth',
    clause: 'AUTH-1',
    about: 'PING gets 401 before AUTH.',
    options,
    wire: (link) => {
      let isOpen = false;
      return {
        request: (body) => (isOperation(body, 'PING') && !isOpen ? link.answer(answerTo(body, 401)) : body),
        reply: (body, request) => {
          isOpen ||= isOperation(request, 'AUTH') && body.readUInt16BE(2) === STATUS.OK;
          return body;
        },
      };
    },
  },
  {
    name: 'no-00-is-a-wrong-password',
    clause: 'AUTH-1',
    about: 'AUTH without a 00 gets 401.',
    options,
    wire: () => ({
      reply: (body, request) =>
        isOperation(request, 'AUTH')
          ? editReply(
              body,
              (reply) => void (reply.status = reply.status === 400 ? STATUS.UNAUTHENTICATED : reply.status),
            )
          : body,
    }),
  },
  {
    name: 'auth-is-forgotten',
    clause: 'AUTH-1',
    about: 'AUTH is for the next request alone.',
    options,
    wire: (link) => {
      let left = 0;
      return {
        request: (body) => {
          if (body[0]! <= OPCODE.QUIT) return body;
          left -= 1;
          if (left >= 0) return body;
          return link.answer(isJson(body) ? envelopeOf({ status_code: 401 }) : answerTo(body, STATUS.UNAUTHENTICATED));
        },
        reply: (body, request) => {
          if (isOperation(request, 'AUTH')) left = body.readUInt16BE(2) === STATUS.OK ? 1 : 0;
          return body;
        },
      };
    },
  },
];
