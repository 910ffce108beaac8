/** `node --import tsx spec/variants/serve.ts NAME [--listen tcp://HOST:PORT]` starts one of them. */
import { serveSubject } from '../subjects/serve.ts';
import { VARIANTS } from './index.ts';

await serveSubject(process.argv.slice(2), VARIANTS, {
  write: (text) => void process.stdout.write(text),
  exit: (code) => process.exit(code),
  onSignal: (stop) => void process.on('SIGTERM', stop).on('SIGINT', stop),
});
