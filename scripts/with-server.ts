/**
 * Runs a command against a fresh server of this repository: `node --import tsx scripts/with-server.ts COMMAND…`. The
 * command finds it by SERVER_HOST and SERVER_PORT. The exit status is the command's, or 1 if the server did not stop
 * as DURABLE-2 wants.
 */
import { runWith, startServer } from './server-process.ts';

const command = process.argv.slice(2);
if (command.length === 0) {
  console.error('usage: with-server COMMAND [ARGUMENT…]');
  process.exit(2);
}
const server = await startServer();
const code = await runWith(command, { SERVER_HOST: server.host, SERVER_PORT: String(server.port) });
const serverCode = await server.stop();
if (serverCode !== 0) console.error(`with-server: the server stopped with status ${serverCode}`);
process.exitCode = code === 0 && serverCode !== 0 ? 1 : code;
