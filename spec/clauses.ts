/** The clauses of the contract, read out of its text, so that a failure quotes what it is about. */
import { readFileSync } from 'node:fs';

export type Level = 'MUST' | 'SHOULD';

export interface Clause {
  readonly id: string;
  /** The clause's text without its id, on one line. */
  readonly text: string;
  /** The number of the section that it stands in. */
  readonly section: number;
  /** SHOULD for a clause that only advises; one without either word states a rule and is a MUST. */
  readonly level: Level;
}

const CLAUSE_START = /^- \*\*([A-Z]+-[0-9]+)\*\* (.*)$/;

/** The clauses in a text such as PROTOCOL.md, in its order. Throws an Error for an id that occurs twice. */
export function parseClauses(markdown: string): Map<string, Clause> {
  const clauses = new Map<string, Clause>();
  let section = 0;
  let open: { id: string; lines: string[] } | undefined;
  const finish = (): void => {
    if (open === undefined) return;
    if (clauses.has(open.id)) throw new Error(`the clause ${open.id} occurs twice`);
    const text = open.lines.join(' ').replace(/\s+/g, ' ').trim();
    clauses.set(open.id, { id: open.id, text, section, level: levelOf(text) });
    open = undefined;
  };
  for (const line of markdown.split('\n')) {
    const start = CLAUSE_START.exec(line);
    if (start?.[1] !== undefined) {
      finish();
      open = { id: start[1], lines: [start[2] ?? ''] };
    } else if (open !== undefined && /^ {2}\S/.test(line)) {
      open.lines.push(line);
    } else {
      finish();
      section = Number(/^## ([0-9]+)\./.exec(line)?.[1] ?? section);
    }
  }
  finish();
  return clauses;
}

function levelOf(text: string): Level {
  return /\bSHOULD\b/.test(text) && !/\bMUST\b/.test(text) ? 'SHOULD' : 'MUST';
}

let cached: Map<string, Clause> | undefined;

/** The clauses of protocol/PROTOCOL.md. */
export function clauses(): ReadonlyMap<string, Clause> {
  cached ??= parseClauses(readFileSync(new URL('../protocol/PROTOCOL.md', import.meta.url), 'utf8'));
  return cached;
}

/** The text of a clause. Throws an Error for an id that the contract does not have. */
export function clause(id: string): Clause {
  const found = clauses().get(id);
  if (found === undefined) throw new Error(`PROTOCOL.md has no clause ${id}`);
  return found;
}

/** The level of a case that cites these clauses: MUST as soon as one of them demands something. */
export function levelOfClauses(ids: readonly string[]): Level {
  return ids.some((id) => clause(id).level === 'MUST') ? 'MUST' : 'SHOULD';
}
