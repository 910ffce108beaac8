/**
 * The clauses that may be without a case for now, each with the reason. The coverage test reads this and nothing else.
 */

const DURABILITY = 'it takes killing and restarting a server on the same data, which comes with durability itself';

export const EXEMPT_CLAUSES: Readonly<Record<string, string>> = {
  'DURABLE-1': DURABILITY,
  'DURABLE-2': DURABILITY,
  'DURABLE-3': DURABILITY,
  'DURABLE-4': DURABILITY,
};
