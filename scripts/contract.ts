/** The clauses of protocol/PROTOCOL.md. */
import { readText } from './repository.ts';

export interface Clause {
  readonly id: string;
  /** The number of the section that it stands in. */
  readonly section: number;
}

/** The clauses of a contract's text, in its order. */
export function clausesOf(text: string): Clause[] {
  let section = 0;
  const clauses: Clause[] = [];
  for (const line of text.split('\n')) {
    const heading = /^## (\d+)\./.exec(line);
    if (heading !== null) section = Number(heading[1]);
    const clause = /^- \*\*([A-Z]+-\d+)\*\*/.exec(line);
    if (clause?.[1] !== undefined) clauses.push({ id: clause[1], section });
  }
  return clauses;
}

export function contractClauses(): Clause[] {
  return clausesOf(readText('protocol/PROTOCOL.md'));
}
