/** Standard output for what is of use only as a whole. */
import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { outputError } from '../exit-codes.ts';

/**
 * A file that is open already. The process's own stream takes a write that the system has cut short, where the disk
 * has no more room for example, for a whole one.
 */
class FileOutput extends Writable {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _write(bytes: Uint8Array, _encoding: unknown, done: (error?: Error) => void): void {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      done();
    } catch (error) {
      done(outputError(error));
    }
  }
}

/**
 * Standard output, where a dump goes.
 *
 * @returns a stream of our own, to be ended, if it is a file; else that of the process, whose errors end the process
 */
export function wholeOutput(): Writable {
  const { fd } = process.stdout;
  return fstatSync(fd).isFile() ? new FileOutput(fd) : process.stdout;
}
