/** A turn of the event loop under test: a log on a simulated disk, and connections whose replies are noted. */
import { FrameWriter } from '../../../protocol/index.ts';
import { BatchClock, systemClock } from '../../clock.ts';
import type { DataLog } from '../../log/data-log.ts';
import type { DurabilityMode } from '../../log/data-log-options.ts';
import { ModelStore } from '../../log/testing/model-store.ts';
import { calmDisk, openLog } from '../../log/testing/open-log.ts';
import type { ByteStream, StreamReader } from '../byte-stream.ts';
import { GatedStream } from '../gated-stream.ts';
import { Lookahead } from '../lookahead.ts';
import { LoopTurn } from '../loop-turn.ts';

export const turnEnd = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log on a disk, and connections that note what leaves them, in one list with what the disk does. */
export class Scene {
  readonly events: string[] = [];
  fault: (operation: string) => string | undefined = () => undefined;
  readonly store = new ModelStore();
  readonly writer = new FrameWriter(256);
  #log: DataLog | undefined;
  #turn: LoopTurn | undefined;
  /** What a connection does once all that it has written has gone. */
  onDrained: (name: string, stream: GatedStream) => void = () => {};
  /** Calls of the disk that have not returned yet. */
  calls: (() => void)[] = [];
  isSlow = false;
  /** What is said of how long a sync takes that is done at once. */
  syncMs = 0;
  #elapsedMs = 0;

  static async open(mode: DurabilityMode = 'everysec'): Promise<Scene> {
    const scene = new Scene();
    const disk = calmDisk({
      later: (_delayMs, call) => (scene.isSlow ? void scene.calls.push(call) : queueMicrotask(call)),
      fault: (operation) => {
        if (operation === 'write' || (operation === 'sync' && mode === 'always')) scene.events.push(operation);
        return scene.fault(operation);
      },
    });
    const elapsedMs = (): number => (scene.#elapsedMs += scene.syncMs);
    scene.#log = await openLog(disk, scene.store, { mode, zerosAheadBytes: 0, elapsedMs });
    const clock = new BatchClock(systemClock);
    scene.#turn = new LoopTurn({ clock, lookahead: new Lookahead({}), log: scene.#log });
    scene.events.length = 0;
    return scene;
  }

  get log(): DataLog {
    return this.#log!;
  }

  /** @param carryOut what the connection does with what has come; if it is left out, nothing */
  connect(name: string, carryOut: (text: string, stream: GatedStream) => void = () => {}): GatedStream {
    const inner: ByteStream = {
      peer: name,
      unsentBytes: 0,
      unsentProgress: 0,
      open: () => {},
      write: (bytes, end) => {
        this.events.push(`${name}: ${Buffer.from(bytes).toString('latin1', 0, end)}`);
        return true;
      },
      pause: () => {},
      resume: () => {},
      end: () => void this.events.push(`${name} ends`),
      destroy: () => {},
    };
    const stream = new GatedStream(inner, this.#turn!, this.writer);
    const reader: StreamReader = {
      received: (bytes, start, end) => carryOut(Buffer.from(bytes).toString('latin1', start, end), stream),
      ended: () => void this.events.push(`${name} has ended`),
      released: () => {},
      drained: () => this.onDrained(name, stream),
      finished: () => {},
      closed: (error) => void this.events.push(`${name} is closed: ${error?.message}`),
    };
    stream.open(reader);
    return stream;
  }

  /** A connection that notes what it carries out, and replies to it. */
  connectEcho(name: string): GatedStream {
    return this.connect(name, (text, stream) => {
      this.events.push(`${name} does ${text}`);
      this.change(stream, text);
    });
  }

  /** What a connection does with the replies to one read: they lie in the buffer that all connections share. */
  reply(stream: GatedStream, text: string): void {
    this.writer.put(Buffer.from(text, 'latin1'));
    if (stream.write(this.writer.bytes, this.writer.length)) this.writer.clear();
    else this.writer.detach();
  }

  /** A change and its reply. */
  change(stream: GatedStream, text: string): void {
    stream.beginRequests();
    this.store.set('key', text, 1000);
    this.reply(stream, text);
    stream.endRequests();
  }

  /** A change without a reply. */
  changeQuietly(stream: GatedStream, text: string): void {
    stream.beginRequests();
    this.store.set('key', text, 1000);
    stream.endRequests();
  }
}
