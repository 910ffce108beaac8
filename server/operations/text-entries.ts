import { FrameWriter, putTextEntry, type ReplyFrame } from '../../protocol/index.ts';

/** Entries whose keys and values are text, as HELLO, STATS and META have them. */
export type TextEntries = readonly (readonly [key: string, value: string])[];

/** Makes entries the value of a reply (ENTRY-1). */
export function replyEntries(reply: ReplyFrame, entries: TextEntries): void {
  const writer = new FrameWriter(512);
  for (const [key, value] of entries) putTextEntry(writer, key, value);
  reply.setValue(writer.bytes, 0, writer.length);
}
