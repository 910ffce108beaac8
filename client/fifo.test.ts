import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

test('does what an array does', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat() }, { weight: 2, arbitrary: fc.constant('shift' as const) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const item of steps) {
        const isShift = item === 'shift';
        expect(isShift ? fifo.shift() : fifo.push(item)).toBe(isShift ? model.shift() : void model.push(item));
        expect(fifo.size).toBe(model.length);
        expect(fifo.peek()).toBe(model[0]);
      }
    }),
  );
});
