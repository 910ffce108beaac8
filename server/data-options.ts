/** The options of a server that say whether and how items are kept on a disk. */
import * as z from 'zod';
import { directory, metaOf, number } from './option-schema.ts';

const KIB = 1024;
const SECOND_MS = 1000;

/** The longest time that the runtime's timers can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** How items are kept on a disk. */
const DURABILITY_MODES = ['off', 'snapshot', 'everysec', 'always'] as const;

export const dataOptions = {
  data: directory('where items are kept over restarts; without it they are in memory alone'),
  durability: z
    .enum(DURABILITY_MODES, {
      error: ({ input }) => `must be one of ${DURABILITY_MODES.join(', ')}, not ${JSON.stringify(input)}`,
    })
    .optional()
    .register(metaOf, {
      kind: 'string',
      placeholder: 'MODE',
      choices: DURABILITY_MODES,
      default: 'everysec',
      description: 'how items are kept, where data is given (section 8)',
    }),
  rewriteMinBytes: number('bytes', {
    default: 64 * KIB * KIB,
    min: 64 * KIB,
    max: Number.MAX_SAFE_INTEGER,
    description: 'a log is rewritten once it is as long as what it is rewritten to, and this long at least',
  }),
  snapshotEveryMs: number('duration', {
    default: 300 * SECOND_MS,
    min: SECOND_MS,
    max: TIMER_MS_MAX,
    description: 'with durability snapshot: so long after the last one the next is written, if anything has changed',
  }),
};

/** A mode of durability. */
type Mode = (typeof DURABILITY_MODES)[number];

/** Whoever asks for durability and says not where means something else than what would be done. */
export function durabilityProblem({
  data,
  durability,
}: {
  readonly data?: string | undefined;
  readonly durability?: Mode | undefined;
}) {
  if (data !== undefined || durability === undefined || durability === 'off') return undefined;
  return { property: 'durability' as const, message: `${durability} needs data, the directory where items are kept` };
}

/** Whether a server with these options keeps its items, and so claims `durable`. */
export function isDurable({ durability }: { readonly durability: Mode }): boolean {
  return durability !== 'off';
}
