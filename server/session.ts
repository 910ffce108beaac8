import { Progress } from './store/progress.ts';

/** What the server knows of one connection beyond its bytes. */
export class Session {
  /** Who is at the other end, as the log shows it. */
  readonly peer: string;
  /** Whether requests are carried out: from the start where no AUTH is required (AUTH-1). */
  isAuthenticated: boolean;
  /** Failed AUTHs so far; a limit closes the connection (TRANSPORT-7). */
  authFailures = 0;
  /** Set by QUIT and by that limit: nothing behind the present request is carried out (TRANSPORT-3). */
  isEnding = false;
  /** What was asked for is done in part (STATUS-3): nothing is replied to it, and the connection is to be closed. */
  isBroken = false;

  #progress: Progress | undefined;

  constructor(peer: string, isAuthenticated: boolean) {
    this.peer = peer;
    this.isAuthenticated = isAuthenticated;
  }

  /** How far a prefix request has come that is carried out in slices. Few connections make any. */
  get progress(): Progress {
    this.#progress ??= new Progress();
    return this.#progress;
  }

  /** Gives up the present request. */
  abandon(): void {
    this.#progress?.finish();
  }

  /** Gives up the present request, which cannot go on. Where it has changed items already no status would be true. */
  breakOff(): void {
    const progress = this.#progress;
    if (progress?.isUnfinished !== true) return;
    this.isBroken = progress.count > 0;
    progress.finish();
  }

  /** Whether the present request is to be handed in again. */
  get isUnfinished(): boolean {
    return this.#progress !== undefined && this.#progress.isUnfinished;
  }
}
