/** Sends what a case sent once more, as its record has it, without judging: to watch a server while one mends it. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { eventsOf, unmaskPassword } from './case-record.ts';
import type { CaseRecord } from './records.ts';
import { openSocket, type Address } from './target/address.ts';
import { annotateTranscript } from './wire/annotate.ts';
import { NOTE, Transcript, type TranscriptEvent } from './wire/transcript.ts';

const CONNECT_MS = 4000;
const REPLY_MS = 2000;
/** Pauses longer than this were meant, as a TTL's; shorter ones are how long things take. */
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 10_000;
/** What is still on its way when everything has been sent. */
const LAST_MS = 200;

interface ReplayEvent extends TranscriptEvent {
  readonly connection: string;
}

class ReplayConnection {
  readonly transcript: Transcript;
  readonly #socket: Socket;
  #receivedBytes = 0;
  #isClosed = false;
  #changed: () => void = () => {};

  private constructor(name: string, socket: Socket) {
    this.transcript = new Transcript(name);
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.transcript.received(chunk);
      this.#receivedBytes += chunk.length;
      this.#changed();
    });
    socket.on('end', () => this.#close('closed by the server'));
    socket.on('error', () => this.#close('reset by the server'));
  }

  static async open(name: string, address: Address): Promise<ReplayConnection> {
    const socket = openSocket(address);
    const event = address.kind === 'tls' ? 'secureConnect' : 'connect';
    try {
      await once(socket, event, { signal: AbortSignal.timeout(CONNECT_MS) });
    } catch (error) {
      socket.on('error', () => {});
      socket.destroy();
      throw error;
    }
    return new ReplayConnection(name, socket);
  }

  async play({ direction, bytes, note }: TranscriptEvent, recordedBytes: number): Promise<void> {
    if (direction === 'received') return this.#wait(recordedBytes);
    if (direction === 'sent') {
      this.transcript.sent(bytes);
      if (this.#socket.writable) this.#socket.write(bytes);
      return;
    }
    if (!Object.values<string>(NOTE).includes(note)) return;
    this.transcript.note(note);
    if (note === NOTE.halfClose) this.#socket.end();
    else if (note === NOTE.reset) this.#socket.resetAndDestroy();
    else if (note === NOTE.pause) this.#socket.pause();
    else this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #close(note: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.transcript.note(note);
    this.#changed();
  }

  /** Waits until as much has come as in the record, or the connection ends, or for long enough. */
  async #wait(recordedBytes: number): Promise<void> {
    const deadline = performance.now() + REPLY_MS;
    while (this.#receivedBytes < recordedBytes && !this.#isClosed && performance.now() < deadline) {
      const change = new Promise<void>((resolve) => (this.#changed = resolve));
      await Promise.race([change, delay(Math.max(0, deadline - performance.now()))]);
    }
  }
}

function inOrder({ transcripts = [] }: CaseRecord, credentials: string | undefined): ReplayEvent[] {
  const all: ReplayEvent[] = [];
  for (const transcript of transcripts) {
    for (const { direction, bytes, note, atMs } of eventsOf(transcript)) {
      const sent = direction === 'sent' ? unmaskPassword(bytes, credentials) : bytes;
      all.push({ direction, bytes: sent, note, atMs, connection: transcript.connection });
    }
  }
  return all.sort((a, b) => a.atMs - b.atMs);
}

/** Whether the same bytes came, in words. */
function compare(name: string, recorded: Buffer, came: Buffer): string {
  if (recorded.equals(came)) return `= ${name}  the same ${came.length} bytes came as in the record`;
  const length = Math.min(recorded.length, came.length);
  const offset =
    Buffer.compare(recorded.subarray(0, length), came.subarray(0, length)) === 0
      ? length
      : recorded.findIndex((byte, index) => byte !== came[index]);
  return `≠ ${name}  other bytes came than in the record, from offset ${offset.toString(16).padStart(4, '0')} on`;
}

/**
 * Sends it again: the same bytes in the same pieces and order, with the pauses that were meant.
 *
 * @returns what went over the wire now, annotated
 * @throws the socket's error if there is no connection
 */
export async function replayCase(record: CaseRecord, address: Address, credentials?: string): Promise<string> {
  const connections = new Map<string, ReplayConnection>();
  const recorded = new Map<string, Buffer>();
  let lastMs = 0;
  try {
    for (const event of inOrder(record, credentials)) {
      const gapMs = event.atMs - lastMs;
      lastMs = event.atMs;
      if (event.direction === 'sent' && gapMs > PAUSE_MS) await delay(Math.min(gapMs, PAUSE_MS_MAX));
      const { connection: name } = event;
      const connection = connections.get(name) ?? (await ReplayConnection.open(name, address));
      connections.set(name, connection);
      const before = recorded.get(name) ?? Buffer.alloc(0);
      const after = event.direction === 'received' ? Buffer.concat([before, event.bytes]) : before;
      recorded.set(name, after);
      await connection.play(event, after.length);
    }
    await delay(LAST_MS);
  } finally {
    for (const connection of connections.values()) connection.end();
  }
  const lines: string[] = [];
  for (const [name, { transcript }] of connections) {
    const before = recorded.get(name) ?? Buffer.alloc(0);
    lines.push(...annotateTranscript(transcript), compare(name, before, transcript.stream('received')));
  }
  return `${[record.id, ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}
