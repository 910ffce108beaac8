/** A server of the protocol that ends with status 9 when it is asked to APPEND, for tests: its argument is the port. */
import { startSubject } from '../../spec/subjects/start.ts';

await startSubject(
  {
    name: 'append-ends-the-process',
    about: 'APPEND ends the process.',
    store: () => ({
      append: () => {
        console.error('append is not written yet');
        process.exit(9);
      },
    }),
  },
  { host: '127.0.0.1', port: Number(process.argv[2]) },
);
