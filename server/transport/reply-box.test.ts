import { expect, test } from 'vitest';
import { makeView } from '../../protocol/index.ts';
import { ReplyBox } from './reply-box.ts';

const text = Buffer.from('a reply');
const put = (box: ReplyBox): number => box.put(text, makeView(text), text.length);

test('replies lie one behind the other until none of them is needed any more', () => {
  const box = new ReplyBox();
  expect(box.hasRoom(text.length)).toBe(true);
  expect([put(box), put(box)]).toEqual([0, text.length]);
  box.release();
  expect(box.hasRoom(box.bytes.length)).toBe(false);
  expect(box.hasRoom(box.bytes.length - 2 * text.length)).toBe(true);
  expect(put(box)).toBe(2 * text.length);
  box.release();
  box.release();
  expect(box.hasRoom(box.bytes.length)).toBe(true);
  expect(put(box)).toBe(0);
  expect(Buffer.from(box.bytes).toString('latin1', 0, text.length)).toBe('a reply');
});
