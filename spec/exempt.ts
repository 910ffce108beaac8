/**
 * The clauses that may be without a case for now, each with the reason. The coverage test reads this and nothing else.
 */
export const EXEMPT_CLAUSES: Readonly<Record<string, string>> = {};
