/** `node --import tsx spec/mutants/serve.ts NAME [--listen tcp://HOST:PORT]` starts one of them. */
import { serveSubject } from '../subjects/serve.ts';
import { MUTANTS } from './index.ts';

await serveSubject(process.argv.slice(2), MUTANTS, {
  write: (text) => void process.stdout.write(text),
  exit: (code) => process.exit(code),
  onSignal: (stop) => void process.on('SIGTERM', stop).on('SIGINT', stop),
});
