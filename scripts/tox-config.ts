/**
 * The form of `tox-like.config.ts`. The file is TypeScript, so that an editor checks it, and goes through this schema
 * all the same: a name given twice or a runtime that nobody defined is no error of types.
 */
import * as z from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, 'a name has lower-case letters, digits and hyphens');

/** A program and its arguments; `{runtime}` stands for the command line of the environment's runtime. */
const command = z.array(z.string().min(1)).min(1);

const runtimeSchema = z.strictObject({
  /** What npm is to install, `alias@npm:package@range`; without it the runtime is the Node that runs tox. */
  install: z.string().min(1).optional(),
  /** The binary inside `.tox/<runtime>/`. */
  binary: z.string().min(1).optional(),
  /** Arguments that go before every script. */
  args: z.array(z.string()).default([]),
});

const environmentSchema = z.strictObject({
  name,
  description: z.string().min(1),
  runtime: name,
  /** What must be there; the environment is skipped, with the reason, if it is not. */
  needs: z
    .strictObject({
      /** Programs that must be on the PATH. */
      programs: z.array(z.string().min(1)).default([]),
      /** Whether the command itself fetches from the npm registry. (An installed runtime does so anyway.) */
      registry: z.boolean().default(false),
    })
    .default({ programs: [], registry: false }),
  /** Commands that prepare the environment; their time is shown apart. */
  setup: z.array(command).default([]),
  command,
  /** The command is killed after this time, and the environment has failed. */
  timeoutMs: z.int().positive().default(600_000),
});

export const toxSchema = z
  .strictObject({
    runtimes: z.record(name, runtimeSchema),
    environments: z.array(environmentSchema).min(1),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>();
    for (const [index, environment] of config.environments.entries()) {
      const path = ['environments', index];
      if (seen.has(environment.name)) {
        context.addIssue({ code: 'custom', path, message: `the name ${environment.name} is given twice` });
      }
      seen.add(environment.name);
      if (!Object.hasOwn(config.runtimes, environment.runtime)) {
        context.addIssue({
          code: 'custom',
          path,
          message: `${environment.name} names the unknown runtime ${environment.runtime}`,
        });
      }
    }
  });

/** What is written in `tox-like.config.ts`: defaults may be left out. */
export type ToxInput = z.input<typeof toxSchema>;
export type ToxConfig = z.output<typeof toxSchema>;
export type Environment = ToxConfig['environments'][number];
export type Runtime = ToxConfig['runtimes'][string];

/**
 * Checks a configuration.
 *
 * @throws Error that lists every issue with its place.
 */
export function parseToxConfig(input: unknown): ToxConfig {
  const result = toxSchema.safeParse(input);
  if (!result.success) throw new Error(`tox-like.config.ts is wrong:\n${z.prettifyError(result.error)}`);
  return result.data;
}
