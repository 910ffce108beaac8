/** A server in a process of its own, as users run it, for tests that measure it or kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { SPEICHER } from '../../testing/speicher-command.ts';

export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts `speicher serve` on a free port, with more flags, and resolves once it serves. */
  static async start(...flags: string[]): Promise<ServerProcess> {
    const [program = '', ...before] = SPEICHER;
    const args = [...before, 'serve', '--listen', 'tcp://127.0.0.1:0', '--log-level', 'error', ...flags];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`the server exited with ${String(code)} before it served`);
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string];
    exited.catch(() => {});
    return new ServerProcess(child, Number(/:(\d+)$/.exec(line)?.[1]));
  }

  /** Where it listens, in the form that `RawPeer.connect` takes. */
  get addresses() {
    return [{ url: `tcp://127.0.0.1:${this.port}`, host: '127.0.0.1', port: this.port }];
  }

  /** Resident memory in MiB, as the operating system sees it; undefined where it has no /proc. */
  residentMib(): Promise<number | undefined> {
    return this.#statusMib('VmRSS');
  }

  /** The most that it ever was. */
  peakResidentMib(): Promise<number | undefined> {
    return this.#statusMib('VmHWM');
  }

  async #statusMib(name: 'VmRSS' | 'VmHWM'): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
    return match === null ? undefined : Math.round(Number(match[1]) / 1024);
  }

  /** Sends a signal and resolves with the exit code, or null if the signal killed it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }
}
