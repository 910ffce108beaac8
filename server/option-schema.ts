/** What the options of a server are made of: numbers with units, lists and files, each with what help says of it. */
import * as z from 'zod';
import { BYTES_FORMS, DURATION_FORMS, formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts';

/** How an option's value is written: `list` may be given several times, `flag` is true or false. */
export type OptionKind = 'string' | 'bytes' | 'duration' | 'count' | 'flag' | 'list';

/** What is said of an option beside its name. */
export interface OptionMeta {
  readonly kind: OptionKind;
  readonly description: string;
  /** What help shows in place of the value: `URL`, `FILE`. */
  readonly placeholder: string;
  readonly default: string | number | boolean | readonly string[] | undefined;
  /** The only texts that are taken, where they are few. */
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** Whether 0 stands for "off", below `min`. */
  readonly zeroIsOff?: boolean;
  /** Whether the value must not be shown to anybody. */
  readonly secret?: boolean;
}

/** What is said of each schema that stands for an option. */
export const metaOf = z.registry<OptionMeta>();

/** The default and the bounds of a number, in bytes or milliseconds where it has a unit. */
export interface NumberOption {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly zeroIsOff?: boolean;
  readonly description: string;
}

const NUMBER_KINDS = {
  bytes: { parse: parseBytes, format: formatBytes, forms: BYTES_FORMS, placeholder: 'SIZE' },
  duration: { parse: parseDuration, format: formatDuration, forms: DURATION_FORMS, placeholder: 'TIME' },
  count: {
    parse: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined),
    format: String,
    forms: 'a whole number',
    placeholder: 'N',
  },
} as const;

/** A whole number within bounds, or a text that stands for one. */
export function numberSchema(kind: keyof typeof NUMBER_KINDS, option: NumberOption) {
  const { parse, format, forms } = NUMBER_KINDS[kind];
  const off = option.zeroIsOff === true ? '0 (off) or ' : '';
  const range = `must be ${off}${format(option.min)} to ${format(option.max)}`;
  return z.union([z.number(), z.string()], { error: `must be ${forms}` }).transform((value, context) => {
    const number = typeof value === 'number' ? value : parse(value);
    const problem = (message: string) => {
      context.addIssue({ code: 'custom', message: `${message}, not ${JSON.stringify(value)}` });
      return z.NEVER;
    };
    if (number === undefined || !Number.isSafeInteger(number)) return problem(`must be ${forms}`);
    if (option.zeroIsOff === true && number === 0) return number;
    return number < option.min || number > option.max ? problem(range) : number;
  });
}

/** What help says of a number. */
export function numberMeta(kind: keyof typeof NUMBER_KINDS, option: NumberOption): OptionMeta {
  return { kind, placeholder: NUMBER_KINDS[kind].placeholder, ...option };
}

/** A number with its default. */
export function number(kind: keyof typeof NUMBER_KINDS, option: NumberOption) {
  return numberSchema(kind, option).default(option.default).register(metaOf, numberMeta(kind, option));
}

/** A list of texts, each checked by `item`; the defaults are given by a second call, so that their type is known. */
export function list<Item extends z.ZodType<string, string>>(item: Item, meta: Omit<OptionMeta, 'kind' | 'default'>) {
  return (defaults: z.output<Item>[]) =>
    z
      .array(item, { error: 'must be a list of texts' })
      .default(defaults)
      .register(metaOf, { ...meta, kind: 'list', default: defaults });
}

/** The path of a file, absent unless given. */
export function file(description: string) {
  return path('FILE', description);
}

/** The path of a directory, absent unless given. */
export function directory(description: string) {
  return path('DIR', description);
}

function path(placeholder: string, description: string) {
  return z
    .string({ error: 'must be a path' })
    .min(1, { error: 'must be a path, not empty' })
    .optional()
    .register(metaOf, { kind: 'string', placeholder, default: undefined, description });
}
