/**
 * Random input: streams of bytes that are almost right, frames of any form, and long sequences of right requests beside
 * a model. Behind each of them the server has to serve, answer in the right form and order, and have kept what was not
 * touched. `--seed` repeats a run; a finding is made small and can be written down as a vector.
 */
import { area, type Case, type CodeCase } from '../case.ts';
import { binaryCorpus, jsonCorpus, mutations } from '../fuzz/bytes.ts';
import { grammar } from '../fuzz/frames.ts';
import { fuzz, type FuzzPlan } from '../fuzz/fuzz.ts';
import { sequences } from '../fuzz/sequences.ts';

const DEADLINE_MS = 60_000;
const ITERATION_MS = 200;

const fuzzing = area({ isolation: 'exclusive', deadlineMs: DEADLINE_MS, iterationMs: ITERATION_MS });

/** A case that runs a plan; its id is part of every iteration's seed. */
function planned<Part>(plan: FuzzPlan<Part>, why: string, hint: string): Case {
  const { id, clauses, profile } = plan;
  const run: CodeCase['run'] = (context) => fuzz(context, plan);
  return fuzzing({ id, clauses, profile, why, hint, run });
}

export const fuzzCases: readonly Case[] = [
  planned(
    {
      id: 'fuzz.mutated-frames',
      clauses: ['TRANSPORT-5', 'TRANSPORT-3', 'FRAME-7', 'FRAME-9', 'STATUS-3'],
      profile: 'core',
      generator: mutations(binaryCorpus),
      iterations: 300,
    },
    'What no test thinks of arrives one day: a broken client, a scanner, a flipped bit. It must not take the server down.',
    'a length, an offset or a flag of the request is trusted before it is checked',
  ),
  planned(
    {
      id: 'fuzz.mutated-envelopes',
      clauses: ['JSON-3', 'TRANSPORT-5', 'JSON-5', 'STATUS-3'],
      profile: 'json',
      generator: mutations(jsonCorpus),
      iterations: 300,
    },
    'Parsers fail on what is almost JSON: an exception that nobody catches ends the service for everybody.',
    'the parser throws, or takes what is no JSON, and the reply is not 400',
  ),
  planned(
    {
      id: 'fuzz.any-frame',
      clauses: ['FRAME-9', 'FRAME-8', 'FRAME-7', 'KEY-1', 'STATUS-3'],
      profile: 'core',
      generator: grammar,
      iterations: 300,
    },
    'There are 65 536 pairs of opcode and flags; a table that is wrong in one of them carries out what it must refuse.',
    'a flag, key or value that section 4 does not give to the opcode is taken, or one that it gives is refused',
  ),
  planned(
    {
      id: 'fuzz.sequences-beside-a-model',
      clauses: ['SET-1', 'GET-1', 'DELETE-1', 'STATUS-3', 'TRANSPORT-3'],
      profile: 'core',
      generator: sequences,
      iterations: 150,
    },
    'Each operation works alone; what an APPEND leaves of a lock, or a prefix SET of a version, shows only behind it.',
    'run the requests that are left one by one: the last of them sees what one before it should not have done',
  ),
];
