/**
 * When the log is rewritten. It is held against the last snapshot, so that the directory takes a few times what the
 * items take, and not what was ever changed.
 */
import { LOGS_MAX } from './data-log-options.ts';

export class RewritePolicy {
  readonly #bytesMin: number;
  snapshotBytes: number;
  /** What the files have before the one that is written to. */
  oldLogBytes: number;

  /**
   * @param bytesMin a shorter log is not rewritten
   * @param found what was read at the start
   */
  constructor(bytesMin: number, found: { readonly snapshotBytes: number; readonly logBytes: number }) {
    this.#bytesMin = bytesMin;
    this.snapshotBytes = found.snapshotBytes;
    this.oldLogBytes = found.logBytes;
  }

  get #bytesMax(): number {
    return Math.max(this.#bytesMin, this.snapshotBytes);
  }

  /**
   * Whether the log has become too long.
   *
   * @param fileBytes how much the file has that is written to
   */
  isTooLong(fileBytes: number): boolean {
    return this.oldLogBytes + fileBytes >= this.#bytesMax;
  }

  /** The same, or too many files. */
  isDue(fileBytes: number, files: number): boolean {
    return files > LOGS_MAX || this.isTooLong(fileBytes);
  }

  /**
   * Whether the file that was begun for a snapshot is too long itself before that is written: changes come faster than
   * the disk takes them.
   */
  isOutrun(fileBytes: number): boolean {
    return fileBytes >= this.#bytesMax;
  }

  /** Another file is written to from now on. */
  switched(fileBytes: number): void {
    this.oldLogBytes += fileBytes;
  }

  /** The files before the one that is written to have gone. */
  rewritten(snapshotBytes: number): void {
    this.snapshotBytes = snapshotBytes;
    this.oldLogBytes = 0;
  }
}
