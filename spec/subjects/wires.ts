/** What wires are made of: hooks that change one thing in every frame. */
import { OPCODE, STATUS, type ReplyFrame, type RequestFrame } from '../../protocol/index.ts';
import {
  answerTo,
  editEntries,
  editObject,
  editReply,
  editRequest,
  envelopeOf,
  isJson,
  objectOf,
  replyOf,
  requestOf,
} from './bodies.ts';
import type { Link, MakeWire } from './wire.ts';

/** Changes binary replies. `request` is undefined for an error that answers none, or that does not fit. */
export function replies(change: (reply: ReplyFrame, request: RequestFrame | undefined) => void): MakeWire {
  return () => ({
    reply: (body, request) => editReply(body, (reply) => change(reply, requestOf(request))),
  });
}

/** Changes binary requests that fit. */
export function requests(change: (request: RequestFrame) => void): MakeWire {
  return () => ({ request: (body) => editRequest(body, change) });
}

/** Changes the objects of JSON replies. */
export function objects(
  change: (object: Record<string, unknown>, request: Record<string, unknown> | undefined) => unknown,
): MakeWire {
  return () => ({
    reply: (body, request) => editObject(body, (object) => change(object, objectOf(request))),
  });
}

/** Changes the objects of JSON requests. */
export function jsonRequests(change: (object: Record<string, unknown>) => unknown): MakeWire {
  return () => ({ request: (body) => editObject(body, change) });
}

/** Changes statuses, in both forms; what else a reply has stays. */
export function statuses(change: (status: number) => number): MakeWire {
  const inText = (text: string): string =>
    text.replace(/^\{"status_code":(\d+)/, (_, status: string) => `{"status_code":${change(Number(status))}`);
  return () => ({
    reply: (body) =>
      isJson(body)
        ? Buffer.from(inText(body.toString()))
        : editReply(body, (reply) => {
            reply.status = change(reply.status);
          }),
  });
}

/** Answers some requests with a status and nothing else. */
export function answers(statusFor: (body: Buffer, link: Link) => number | undefined): MakeWire {
  return (link) => ({
    request: (body) => {
      const status = statusFor(body, link);
      if (status === undefined) return body;
      return link.answer(isJson(body) ? envelopeOf({ status_code: status }) : answerTo(body, status));
    },
  });
}

/** Answers binary requests for which it is so with a status. */
export function refuses(status: number, isRefused: (request: RequestFrame) => boolean): MakeWire {
  return answers((body) => {
    const request = requestOf(body);
    return request !== undefined && isRefused(request) ? status : undefined;
  });
}

/** Changes the entries of an operation's replies; HELLO's unless another is named. */
export function claims(
  change: (entries: Map<string, string>) => Iterable<readonly [string, string]>,
  opcode: number = OPCODE.HELLO,
): MakeWire {
  return () => ({
    reply: (body, request) =>
      request?.[0] === opcode && replyOf(body)?.status === STATUS.OK ? editEntries(body, change) : body,
  });
}
