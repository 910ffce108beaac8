/** A finding against a server: whether it is still there. */
import { caseRecord } from '../case-record.ts';
import { diagnose, NotReadyError } from '../doctor/doctor.ts';
import type { CaseResult } from '../outcome.ts';
import { renderFailure } from '../report/failure.ts';
import { Runner } from '../runner.ts';
import { SPEC_EXIT } from '../score.ts';
import { openSession } from '../session.ts';
import { showAddress } from '../target/address.ts';
import type { Target } from '../target/target.ts';
import { UsageError } from '../usage.ts';
import { readFinding } from './finding.ts';

export interface PlayedFinding {
  /** What it came to, for a person to read; it ends with a line break. */
  readonly text: string;
  /** As of a run: 0 if the server does what it must, 1 if it does not, 5 if the finding does not concern it. */
  readonly exitCode: number;
}

/**
 * Judges a server by a finding of the fuzzer.
 *
 * @param text the file's text
 * @param path the file's name, for messages
 * @throws UsageError for what is no finding; NotReadyError if the target cannot be judged at all
 */
export async function playFinding(text: string, path: string, target: Target): Promise<PlayedFinding> {
  const finding = read(text, path);
  const address = showAddress(target.address);
  const diagnosis = await diagnose(target.address, { hasCredentials: target.credentials !== undefined });
  if (!diagnosis.isReady) throw new NotReadyError(target.address, diagnosis);
  const session = await openSession(target);
  const result = await new Runner(session).run(finding);
  if (result.status === 'PASS') return { text: `${finding.id}: PASS, ${address} does what it must\n`, exitCode: 0 };
  if (result.status !== 'FAIL') return { text: `${finding.id}: ${inWords(result)}\n`, exitCode: exitCodeOf(result) };
  const again = `speicher spec replay ${path} --target ${address}`;
  const record = caseRecord(finding, result, target.credentials);
  const run = { target: address, seed: session.seed, repeat: again };
  return { text: `${renderFailure(record, run, again)}\n`, exitCode: SPEC_EXIT.failed };
}

function read(text: string, path: string): ReturnType<typeof readFinding> {
  try {
    return readFinding(text);
  } catch (cause) {
    throw new UsageError(`${path} is no finding: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const inWords = ({ status, reason = '' }: CaseResult): string => (reason === '' ? status : `${status}, ${reason}`);

function exitCodeOf({ status }: CaseResult): number {
  return status === 'SKIP' ? SPEC_EXIT.nothingSelected : SPEC_EXIT.undecided;
}
