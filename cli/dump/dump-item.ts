/** What a dump keeps of an item, in whatever form it is written. */
import { Buffer, isUtf8 } from 'node:buffer';
import { SpeicherError } from '../../protocol/index.ts';

export interface DumpItem {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly tag: number;
  /** Milliseconds until it expires, an integer above 0; Infinity: never. */
  readonly ttlMs: number;
}

/** An item and where it stood: `line 3`, `frame 3`. */
export interface PlacedItem {
  readonly place: string;
  readonly item: DumpItem;
}

/** A key as errors show it. */
export function shownKey(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? JSON.stringify(bytes.toString()) : `${bytes.toString('base64')} (base64)`;
}

/** Something that is read is no dump: says where and why. */
export function badInput(place: string, why: string, cause?: unknown): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', `what is loaded is no dump: ${place}: ${why}`, { cause });
}
