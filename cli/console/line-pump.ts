/** Input that is no terminal: its lines go to the console one at a time, each when the one before is done. */
import { createInterface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';

export class LinePump {
  /** What the console reads. */
  readonly lines = new PassThrough();
  #next: (() => void) | undefined;
  #isEnded = false;

  /** The console is ready for another line. */
  ready(): void {
    this.#next?.();
  }

  /** The console wants no more lines. */
  end(): void {
    this.#isEnded = true;
    this.#next?.();
  }

  /** Hands over all lines of the input. */
  async run(input: Readable): Promise<void> {
    const source = createInterface({ input, crlfDelay: Infinity });
    for await (const line of source) {
      if (this.#isEnded) break;
      const isReady = new Promise<void>((resolve) => {
        this.#next = resolve;
      });
      this.lines.write(`${line}\n`);
      await isReady;
    }
    source.close();
    this.lines.end();
  }
}
