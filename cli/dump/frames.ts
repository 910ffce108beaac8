/**
 * A dump as bytes: frames of SET, one behind the other, each of them what a client would send to store the item. It
 * takes less room than text where values are no UTF-8, and less time everywhere.
 *
 *     SET key [TTL] [TAG] value
 */
import { FLAG, FrameDecoder, FrameWriter, OPCODE, readRequest, RequestFrame, STATUS } from '../../protocol/index.ts';
import { badInput, type DumpItem, type PlacedItem } from './dump-item.ts';

const FLAGS_TAKEN = FLAG.TTL | FLAG.TAG;

/** One frame. */
export function itemFrame({ key, value, tag, ttlMs }: DumpItem): Uint8Array {
  const writer = new FrameWriter(64 + key.length + value.length);
  const flags = (ttlMs === Infinity ? 0 : FLAG.TTL) | (tag === 0 ? 0 : FLAG.TAG);
  writer.begin(OPCODE.SET, flags, key.length, 0);
  if (flags & FLAG.TTL) writer.u64(ttlMs);
  if (flags & FLAG.TAG) writer.u32(tag);
  writer.put(key);
  writer.put(value);
  writer.finish();
  return writer.bytes.subarray(0, writer.length);
}

function itemOf(frame: RequestFrame, place: string): DumpItem {
  // SET with PREFIX would change every item there is, and TOKEN and VERSION mean nothing to another server.
  if (frame.opcode !== OPCODE.SET || (frame.flags & ~FLAGS_TAKEN) !== 0) {
    throw badInput(place, 'is no SET with a TTL and a TAG at most');
  }
  if (frame.keyStart === frame.keyEnd) throw badInput(place, 'has no key');
  const isMortal = (frame.flags & FLAG.TTL) !== 0;
  if (isMortal && frame.ttlMs === 0) throw badInput(place, 'has a TTL of 0');
  return {
    key: frame.keyBytes.slice(frame.keyStart, frame.keyEnd),
    value: frame.valueBytes.slice(frame.valueStart, frame.valueEnd),
    tag: frame.flags & FLAG.TAG ? frame.tag : 0,
    ttlMs: isMortal ? frame.ttlMs : Infinity,
  };
}

/**
 * Reads frames of a stream.
 *
 * @param frameBytesMax the longest frame that the server takes, in bytes without its length
 * @throws SpeicherError `SPEICHER_OPTION`, with the number of the frame
 */
export async function* readFrames(input: AsyncIterable<Uint8Array>, frameBytesMax: number): AsyncGenerator<PlacedItem> {
  const decoder = new FrameDecoder(frameBytesMax);
  const frame = new RequestFrame();
  let number = 1;
  for await (const chunk of input) {
    decoder.push(chunk);
    let outcome = decoder.next();
    for (; outcome === 'frame'; outcome = decoder.next()) {
      const place = `frame ${number++}`;
      if (!readRequest(frame, decoder.bytes, decoder.start, decoder.end)) throw badInput(place, 'is no request');
      yield { place, item: itemOf(frame, place) };
    }
    if (outcome === 'invalid') {
      const isTooLong = decoder.invalidStatus === STATUS.TOO_LARGE;
      throw badInput(`frame ${number}`, `is no frame${isTooLong ? `, or longer than ${frameBytesMax} bytes` : ''}`);
    }
  }
  if (decoder.isMidFrame) throw badInput(`frame ${number}`, 'is not whole');
}
