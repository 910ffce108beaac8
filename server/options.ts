/**
 * The options of a server, in one zod object: names, kinds, defaults, bounds and what they are for. `createServer`, the
 * command line, the environment, the configuration file and the documentation are all derived from it.
 */
import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import * as z from 'zod';
import {
  FRAME_BYTES_CEILING,
  FRAME_BYTES_OVERHEAD,
  JSON_DEPTH_FLOOR,
  KEY_BYTES_CEILING,
  KEY_BYTES_FLOOR,
  DEFAULT_PORT,
  PROFILES,
  PROFILE_NAMES,
  SpeicherError,
  VALUE_BYTES_FLOOR,
  type Profile,
} from '../protocol/index.ts';
import { dataOptions, durabilityProblem, isDurable } from './data-options.ts';
import { exposureProblem, tlsProblem } from './listen-relations.ts';
import { EVICTION_POLICIES } from './store/arena/eviction.ts';
import { LISTEN_URL_FORMS, parseListenUrl } from './listen-url.ts';
import {
  file,
  list,
  metaOf,
  number,
  numberMeta,
  numberSchema,
  type NumberOption,
  type OptionMeta,
} from './option-schema.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1000;

/** The longest time that the runtime's timers can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The profiles that can be chosen: `auth` follows from the option `auth`, `durable` from `data` and `durability`. */
const SELECTABLE_PROFILES = ['json', 'core', 'standard', 'prefix', 'locks', 'insight'] as const satisfies Profile[];

/** How bytes come and go; docs/decisions/0009-below-the-sockets.md. */
const TRANSPORTS = ['auto', 'plain'] as const;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const MAX_FRAME = {
  default: 16 * MIB,
  min: KEY_BYTES_FLOOR + VALUE_BYTES_FLOOR + FRAME_BYTES_OVERHEAD,
  max: FRAME_BYTES_CEILING,
  description:
    'longest frame; at least max-key + max-value + 64 bytes, and it grows with them if it is not given (FRAME-4)',
} as const satisfies NumberOption;

/** A quarter of the machine's memory, or of what the system lets this process have of it. */
const MEMORY_SHARE = 0.25;

const MAX_MEMORY = {
  default: Math.max(MIB, Math.floor(Math.min(totalmem(), constrainedMemory() || Infinity) * MEMORY_SHARE)),
  min: MIB,
  max: 32 * 1024 * MIB,
  description: "what items may take in all; if not given, a quarter of the machine's memory",
} as const satisfies NumberOption;

const shape = {
  listen: list(
    z.string().refine((text) => parseListenUrl(text) !== undefined, {
      error: ({ input }) => `must be ${LISTEN_URL_FORMS}, not ${JSON.stringify(input)}`,
    }),
    {
      placeholder: 'URL',
      description: `where to listen: ${LISTEN_URL_FORMS}; port 0 takes a free one; may be given several times`,
    },
  )([`tcp://127.0.0.1:${DEFAULT_PORT}`]),
  auth: list(
    // AUTH-1 divides at the first 00: it may stand in a password, but not in a user.
    z.string().refine((text) => /^[^:\0]*:/.test(text), {
      error: 'must be USER:PASSWORD; the user may be empty',
    }),
    {
      placeholder: 'USER:PASSWORD',
      secret: true,
      description: 'who may use the server; if given, AUTH is required; may be given several times',
    },
  )([]),
  tlsCertFile: file('certificate chain for tls:// listeners, PEM'),
  tlsKeyFile: file('private key for tls:// listeners, PEM'),
  tlsClientCaFile: file('authorities whose client certificates are required on tls:// listeners, PEM'),
  allowInsecure: z.boolean({ error: 'must be true or false' }).default(false).register(metaOf, {
    kind: 'flag',
    placeholder: '',
    default: false,
    description: 'listen outside this machine even though everybody there may then read and delete everything',
  }),
  transport: z
    .enum(TRANSPORTS, {
      error: ({ input }) => `must be ${TRANSPORTS.join(' or ')}, not ${JSON.stringify(input)}`,
    })
    .default('auto')
    .register(metaOf, {
      kind: 'string',
      placeholder: 'KIND',
      choices: TRANSPORTS,
      default: 'auto',
      description: 'auto: the fastest way to the sockets that the runtime has; plain: only what is documented of it',
    }),
  profiles: list(
    z.enum(SELECTABLE_PROFILES, {
      error: ({ input }) => `must be some of ${SELECTABLE_PROFILES.join(', ')}, not ${JSON.stringify(input)}`,
    }),
    {
      placeholder: 'NAME',
      choices: SELECTABLE_PROFILES,
      description: 'parts of the protocol to offer; auth is added where the option auth is given (section 6)',
    },
  )([...SELECTABLE_PROFILES]),
  maxConnections: number('count', {
    default: 16_384,
    min: 32,
    max: 1_000_000,
    description: 'connections at a time; the next one gets 429 and is closed (TRANSPORT-7)',
  }),
  maxUnauthenticated: number('count', {
    default: 256,
    min: 32,
    max: 1_000_000,
    description: 'connections at a time that have not authenticated yet, where auth is given; the next one gets 429',
  }),
  maxKeyBytes: number('bytes', {
    default: 4 * KIB,
    min: KEY_BYTES_FLOOR,
    max: KEY_BYTES_CEILING,
    description: 'longest key (KEY-3)',
  }),
  maxValueBytes: number('bytes', {
    default: 8 * MIB,
    min: VALUE_BYTES_FLOOR,
    max: FRAME_BYTES_CEILING - KEY_BYTES_CEILING - FRAME_BYTES_OVERHEAD,
    description: 'longest value (KEY-3)',
  }),
  maxMemoryBytes: numberSchema('bytes', MAX_MEMORY)
    .optional()
    .register(metaOf, {
      ...numberMeta('bytes', MAX_MEMORY),
      // What the default comes to depends on the machine; documents do not.
      default: undefined,
    }),
  evictionPolicy: z
    .enum(EVICTION_POLICIES, {
      error: ({ input }) => `must be one of ${EVICTION_POLICIES.join(', ')}, not ${JSON.stringify(input)}`,
    })
    .default('lru')
    .register(metaOf, {
      kind: 'string',
      placeholder: 'NAME',
      choices: EVICTION_POLICIES,
      default: 'lru',
      description:
        'what goes when max-memory is reached: lru, what was not accessed for longest; lfu, what is accessed least; ' +
        'none, nothing: writes get 507',
    }),
  maxFrameBytes: numberSchema('bytes', MAX_FRAME).optional().register(metaOf, numberMeta('bytes', MAX_FRAME)),
  maxJsonDepth: number('count', {
    default: 128,
    min: JSON_DEPTH_FLOOR,
    max: 10_000,
    description: 'levels that JSON may be nested; deeper gets 413 (JSON-3)',
  }),
  idleTimeoutMs: number('duration', {
    default: 0,
    min: 10 * SECOND_MS,
    max: TIMER_MS_MAX,
    zeroIsOff: true,
    description: 'a connection that sends nothing for so long is closed; 0 never (TRANSPORT-7)',
  }),
  frameTimeoutMs: number('duration', {
    default: 30 * SECOND_MS,
    min: 2 * SECOND_MS,
    max: TIMER_MS_MAX,
    description: 'a connection whose frame is still unfinished after so long is closed (TRANSPORT-7)',
  }),
  authTimeoutMs: number('duration', {
    default: 5 * SECOND_MS,
    min: 2 * SECOND_MS,
    max: TIMER_MS_MAX,
    description: 'a connection that has not authenticated after so long is closed, where auth is given (TRANSPORT-7)',
  }),
  maxAuthFailures: number('count', {
    default: 3,
    min: 3,
    max: 1000,
    description: 'after so many failed AUTHs a connection is closed (TRANSPORT-7)',
  }),
  // Not maxUnauthenticatedBytes: without its unit it would be the flag of maxUnauthenticated.
  maxUnauthenticatedInputBytes: number('bytes', {
    default: 4 * KIB,
    min: 4 * KIB,
    max: FRAME_BYTES_CEILING,
    description: 'bytes of requests that are taken from a connection before it has authenticated (TRANSPORT-7)',
  }),
  unsentHighWaterBytes: number('bytes', {
    default: MIB,
    min: MIB,
    max: FRAME_BYTES_CEILING,
    description: 'with so many bytes of replies unread, no more requests of that connection are read (TRANSPORT-7)',
  }),
  unsentTimeoutMs: number('duration', {
    default: 10 * SECOND_MS,
    min: SECOND_MS,
    max: TIMER_MS_MAX,
    description: 'a connection above unsent-high-water that has read nothing for so long is closed (TRANSPORT-7)',
  }),
  maxUnsentTotalBytes: number('bytes', {
    default: 256 * MIB,
    min: 2 * MIB,
    max: Number.MAX_SAFE_INTEGER,
    description: 'bytes of unread replies over all connections; above it the worst connection is closed',
  }),
  ...dataOptions,
  stopTimeoutMs: number('duration', {
    default: 5 * SECOND_MS,
    min: 0,
    max: TIMER_MS_MAX,
    description: 'how long a stopping server waits for its replies to be read (DURABLE-2)',
  }),
  logLevel: z
    .enum(LOG_LEVELS, {
      error: ({ input }) => `must be one of ${LOG_LEVELS.join(', ')}, not ${JSON.stringify(input)}`,
    })
    .default('info')
    .register(metaOf, {
      kind: 'string',
      placeholder: 'LEVEL',
      choices: LOG_LEVELS,
      default: 'info',
      description: 'least important events to log',
    }),
};

export type OptionName = keyof typeof shape;

interface Problem {
  readonly property: OptionName;
  readonly message: string;
}

type Parsed = z.output<z.ZodObject<typeof shape>>;

/** FRAME-12 and HELLO-1: every key with its value must fit in a frame, with 64 bytes to spare. */
function frameProblem({ maxKeyBytes, maxValueBytes, maxFrameBytes }: Parsed): Problem | undefined {
  const least = maxKeyBytes + maxValueBytes + FRAME_BYTES_OVERHEAD;
  if (maxFrameBytes === undefined || maxFrameBytes >= least) return undefined;
  const sum = `maxKeyBytes + maxValueBytes + ${FRAME_BYTES_OVERHEAD} = ${least}`;
  return { property: 'maxFrameBytes', message: `must be at least ${sum}, not ${maxFrameBytes}` };
}

/** Section 6: `core` is always claimed, `prefix` and `locks` only together with `standard`. */
function profileProblem({ profiles }: Parsed): Problem | undefined {
  const claimed: readonly string[] = profiles;
  const chosen: readonly Profile[] = ['core', ...profiles];
  for (const profile of chosen) {
    const missing = ['core', ...PROFILES[profile].needs].find((need) => !claimed.includes(need));
    if (missing !== undefined) {
      return {
        property: 'profiles',
        message: `must contain ${missing}${profile === 'core' ? '' : ` with ${profile}`}`,
      };
    }
  }
  return undefined;
}

function emptyListenProblem({ listen }: Parsed): Problem | undefined {
  return listen.length > 0 ? undefined : { property: 'listen', message: `must name at least one ${LISTEN_URL_FORMS}` };
}

const RELATIONS = [
  emptyListenProblem,
  profileProblem,
  frameProblem,
  tlsProblem,
  exposureProblem,
  durabilityProblem,
] as const;

/** All options of a server: what may be said, and with the defaults filled in what is. */
export const serverOptionsSchema = z.strictObject(shape).transform((parsed, context) => {
  for (const relation of RELATIONS) {
    const problem = relation(parsed);
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', path: [problem.property], message: problem.message });
      return z.NEVER;
    }
  }
  return {
    ...parsed,
    durability: parsed.data === undefined ? ('off' as const) : (parsed.durability ?? 'everysec'),
    maxMemoryBytes: parsed.maxMemoryBytes ?? MAX_MEMORY.default,
    maxFrameBytes:
      parsed.maxFrameBytes ??
      Math.max(MAX_FRAME.default, parsed.maxKeyBytes + parsed.maxValueBytes + FRAME_BYTES_OVERHEAD),
  };
});

/** Every option with its value: sizes in bytes, times in milliseconds. */
export type ServerOptions = z.output<typeof serverOptionsSchema>;

/** What `createServer` takes: any of the options; sizes and times are numbers or texts such as `64KiB` and `5s`. */
export type ServerOptionsInput = z.input<typeof serverOptionsSchema>;

/**
 * What a server with these options claims in HELLO, in the order of section 6: `auth` where passwords are given,
 * `durable` where data are kept.
 */
export function claimedProfiles(options: Pick<ServerOptions, 'profiles' | 'auth' | 'durability'>): Profile[] {
  const claimed: Profile[] = [...options.profiles];
  if (options.auth.length > 0) claimed.push('auth');
  if (isDurable(options)) claimed.push('durable');
  return PROFILE_NAMES.filter((profile) => claimed.includes(profile));
}

/** One option under each of its names, with all that help and documents say of it. */
export interface OptionDescription extends OptionMeta {
  /** The property of `ServerOptions`: `maxFrameBytes`. */
  readonly property: OptionName;
  /** The key in a configuration file: `max-frame`. */
  readonly key: string;
  /** The flag on the command line: `--max-frame`. */
  readonly flag: string;
  /** The environment variable: `SPEICHER_MAX_FRAME`. */
  readonly env: string;
}

function describeOption(property: OptionName): OptionDescription {
  const meta = metaOf.get(shape[property]);
  if (meta === undefined) throw new TypeError(`the option ${property} has no description`);
  const key = property.replace(/(Bytes|Ms)$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { ...meta, property, key, flag: `--${key}`, env: `SPEICHER_${key.toUpperCase().replaceAll('-', '_')}` };
}

/** All options, in the order in which help and documents list them. */
export const SERVER_OPTIONS: readonly OptionDescription[] = (Object.keys(shape) as OptionName[]).map(describeOption);

/** Why a set of options cannot be used: which one is wrong (undefined: one that does not exist), and what it wants. */
export interface OptionProblem {
  readonly property: OptionName | undefined;
  readonly message: string;
}

/**
 * Checks options and fills in the defaults.
 *
 * @returns the options, or the first problem with them
 */
export function checkServerOptions(input: unknown): { options: ServerOptions } | { problem: OptionProblem } {
  const result = serverOptionsSchema.safeParse(input);
  if (result.success) return { options: result.data };
  const [issue] = result.error.issues;
  if (issue === undefined) throw new TypeError('zod refused without an issue', { cause: result.error });
  if (issue.code === 'unrecognized_keys') {
    return { problem: { property: undefined, message: `there is no option ${issue.keys.join(', ')}` } };
  }
  const property = Object.keys(shape).find((name) => name === issue.path[0]) as OptionName | undefined;
  return { problem: { property, message: issue.message } };
}

/**
 * Checks options and fills in the defaults.
 *
 * @param input any of the options; undefined ones take their defaults
 * @returns every option with its value
 * @throws SpeicherError `SPEICHER_OPTION`, naming the option and what it wants
 */
export function parseServerOptions(input: ServerOptionsInput = {}): ServerOptions {
  const result = checkServerOptions(input);
  if ('options' in result) return result.options;
  const { property, message } = result.problem;
  throw new SpeicherError('SPEICHER_OPTION', property === undefined ? message : `${property} ${message}`);
}
