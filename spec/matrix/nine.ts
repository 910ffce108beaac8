/** The nine tests of the original client, against a subject. They are a program in Python, and know nothing of us. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSubject } from '../subjects/start.ts';
import type { Subject } from '../subjects/subject.ts';

const NINE = fileURLToPath(new URL('../original/nine.py', import.meta.url));

/** Whether all nine pass; undefined where there is no Python. */
export async function passesTheNine(subject: Subject): Promise<boolean | undefined> {
  const running = await startSubject(subject);
  const [host = '', port = ''] = running.address.split(':');
  try {
    const child = spawn('python3', [NINE], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], SERVER_HOST: host, SERVER_PORT: port },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await running.stop();
  }
}
