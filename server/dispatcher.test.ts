/** A request that is carried out in slices ends, whatever becomes of the storage between two of them. */
import { expect, test } from 'vitest';
import { FLAG, OPCODE, ReplyFrame, STATUS, type RequestFrame } from '../protocol/index.ts';
import { systemClock } from './clock.ts';
import { Dispatcher } from './dispatcher.ts';
import { LOST } from './log/data-log.ts';
import { calmDisk, openLog } from './log/testing/open-log.ts';
import { silentLogger } from './logger.ts';
import { parseServerOptions } from './options.ts';
import { createStore } from './server.ts';
import { Session } from './session.ts';
import type { ListPage } from './store/store.ts';
import { makeRequest } from './store/testing/requests.ts';

const NO_PAGE: ListPage = { add: () => false };

/** A dispatcher whose log can be written to until `fail`. */
async function dispatcherOnDisk() {
  let isFailing = false;
  const disk = calmDisk({ fault: (operation) => (isFailing && operation === 'write' ? 'EIO' : undefined) });
  const options = parseServerOptions({});
  const store = createStore(options, systemClock);
  const log = await openLog(disk, store.logged);
  const counters = { startedMs: 0, connections: 0, requests: 0 };
  const context = { options, store, clock: systemClock, logger: silentLogger, authenticator: undefined, counters, log };
  const dispatcher = new Dispatcher(context);
  const session = new Session('unix', true);
  const reply = new ReplyFrame();
  const run = (request: RequestFrame): number => {
    reply.clear();
    dispatcher.run(session, request, reply, NO_PAGE);
    return reply.status;
  };
  const fail = (): void => {
    isFailing = true;
    store.set(makeRequest({ key: 'other' }), new ReplyFrame());
    expect(log.commit()).toBe(LOST);
  };
  return { run, fail, session, store };
}

test('one that has changed items is broken off: no status would be true (STATUS-3)', async () => {
  const { run, fail, session, store } = await dispatcherOnDisk();
  for (let item = 0; item < 1000; item++) store.set(makeRequest({ key: `k${item}` }), new ReplyFrame());
  const request = Object.assign(makeRequest({ key: 'k', ttlMs: 1000 }), { opcode: OPCODE.TOUCH });
  request.flags |= FLAG.PREFIX;
  // In the first slices its keys are put in order.
  do run(request);
  while (session.progress.count === 0);
  expect(session).toMatchObject({ isUnfinished: true, isBroken: false });
  fail();
  run(request);
  expect(session).toMatchObject({ isUnfinished: false, isBroken: true });
});

test('one that has waited for room and changed nothing is refused', async () => {
  const { run, fail, session } = await dispatcherOnDisk();
  const request = Object.assign(makeRequest({ key: 'k', value: 'v' }), { opcode: OPCODE.SET });
  session.progress.wait();
  fail();
  expect(run(request)).toBe(STATUS.UNAVAILABLE);
  expect(session).toMatchObject({ isUnfinished: false, isBroken: false });
});
