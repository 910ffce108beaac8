/** Looks at a server before it is judged, and names the usual mistakes. */
import { showAddress, type Address } from '../target/address.ts';
import { findingsOf, isReady, type Finding, type Observations } from './findings.ts';
import { observe, speaksTls, type Observation } from './observe.ts';
import { OTHER_PROBES, OWN_PROBES, type ProbeName } from './probes.ts';

export interface Diagnosis {
  /** Whether the cases can judge it. */
  readonly isReady: boolean;
  readonly findings: readonly Finding[];
}

/** How long a server of the protocol may take for its first answers, and how long another is asked each time. */
const OWN_WAIT_MS = 3000;
const OTHER_WAIT_MS = 500;

type Seen = Partial<Record<ProbeName, Observation>>;

async function observeOwn(address: Address, waitMs: number): Promise<Seen> {
  const seen = Object.entries(OWN_PROBES).map(
    async ([name, bytes]) => [name, await observe(address, bytes, waitMs)] as const,
  );
  return Object.fromEntries(await Promise.all(seen)) as Seen;
}

/** One by one: other servers, and unfinished ones, may serve one connection at a time. */
async function observeOthers(address: Address, waitMs: number): Promise<Seen> {
  const seen: Seen = {};
  for (const [name, bytes] of Object.entries(OTHER_PROBES)) {
    seen[name as ProbeName] = await observe(address, bytes, waitMs);
  }
  return seen;
}

/**
 * Connects a few times, at most three at once, and says what is found. It never throws, and is done in a few seconds
 * whatever the server does.
 */
export async function diagnose(
  address: Address,
  { hasCredentials = false, timeoutScale = 1 }: { hasCredentials?: boolean; timeoutScale?: number } = {},
): Promise<Diagnosis> {
  const overTls = address.kind === 'tls';
  const own = await observeOwn(address, OWN_WAIT_MS * timeoutScale);
  const first: Observations = { probes: own, overTls, hasCredentials };
  // What never stops says the same to any other question.
  if (isReady(first) || own.ping?.isConnected !== true || own.ping.isFlood) {
    return { isReady: isReady(first), findings: findingsOf(first) };
  }
  const waitMs = OTHER_WAIT_MS * timeoutScale;
  const others = await observeOthers(address, waitMs);
  const tls = await speaksTls(address, waitMs);
  return { isReady: false, findings: findingsOf({ ...first, probes: { ...own, ...others }, speaksTls: tls }) };
}

/** A finding in one line. */
export function showFinding({ what, todo }: Finding): string {
  return `${what}. ${todo.charAt(0).toUpperCase()}${todo.slice(1)}.`;
}

/** Thrown where no case can be run: exit code 3. The message is one line that helps. */
export class NotReadyError extends Error {
  readonly diagnosis: Diagnosis;

  constructor(address: Address, diagnosis: Diagnosis) {
    const [finding] = diagnosis.findings;
    super(`${showAddress(address)}: ${finding === undefined ? 'it is not ready' : showFinding(finding)}`);
    this.name = 'NotReadyError';
    this.diagnosis = diagnosis;
  }
}
