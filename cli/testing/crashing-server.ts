/** A server of the protocol that ends with status 9 when it is asked to APPEND, for tests: its argument is the port. */
import { serveOdd } from './odd-server.ts';

await serveOdd(
  () => ({
    append: () => {
      console.error('append is not written yet');
      process.exit(9);
    },
  }),
  { port: Number(process.argv[2]) },
);
