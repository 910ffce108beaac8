/** A small server of frames, for tests that want it to answer in its own way. */
import { once } from 'node:events';
import { createServer as createListener, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import {
  FrameDecoder,
  FrameWriter,
  OPCODE,
  putReply,
  putTextEntry,
  readRequest,
  ReplyFrame,
  RequestFrame,
} from '../../protocol/index.ts';

/** What it says of itself: it has no prefixes. */
function helloEntries(): Uint8Array {
  const limits = { 'max-key': '250', 'max-value': '1024', 'max-frame': '2048' };
  const writer = new FrameWriter();
  const all = { protocol: '1', server: 'odd 1', profiles: 'core standard', ...limits };
  for (const [name, value] of Object.entries(all)) putTextEntry(writer, name, value);
  return writer.bytes.slice(0, writer.length);
}

const HELLO = helloEntries();

/**
 * Answers every request with 200, as a server of the profiles core and standard that keeps nothing.
 *
 * @param behave changes the reply; returns false if it is not to be sent
 */
export async function serveFrames(
  behave: (request: RequestFrame, reply: ReplyFrame, socket: Socket) => boolean,
): Promise<{ url: string; listener: Listener }> {
  const listener = createListener((socket) => {
    const [decoder, request] = [new FrameDecoder(1 << 20), new RequestFrame()];
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      decoder.push(chunk);
      while (decoder.next() === 'frame') {
        readRequest(request, decoder.bytes, decoder.start, decoder.end);
        const reply = new ReplyFrame();
        reply.clear();
        reply.opcode = request.opcode;
        reply.id = request.id;
        if (request.opcode === OPCODE.HELLO) reply.setValue(HELLO);
        if (!behave(request, reply, socket)) continue;
        const writer = new FrameWriter();
        putReply(writer, reply);
        socket.write(writer.bytes.subarray(0, writer.length));
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return { url: `tcp://127.0.0.1:${(listener.address() as AddressInfo).port}`, listener };
}
