/** The forms of the files in `bench/results/`, below what `results.ts` puts at the head of each. */
import * as z from 'zod';
import { summarySchema } from '../lib/results.ts';

export const serversSchema = z.object({
  pinning: z.string(),
  rounds: z.number(),
  seconds: z.number(),
  warmup: z.number(),
  batches: z.array(
    z.object({
      batch: z.number(),
      servers: z.array(
        z.object({ name: z.string(), cpuUsPerOperation: summarySchema, operationsPerSecond: summarySchema }),
      ),
      /** Ours against the better of Redis and memcached (binary), round by round. */
      rivalRatio: summarySchema.optional(),
      wireRatio: summarySchema.optional(),
    }),
  ),
  halfLoad: z.object({
    rate: z.number(),
    /** The p99.9 of ours against that of Redis, round by round. */
    tailRatio: summarySchema.optional(),
    servers: z.array(
      z.object({
        name: z.string(),
        p50Us: summarySchema,
        p99Us: summarySchema,
        p999Us: summarySchema,
        /** Share of the time in which the server was ready to run and had no core: others were running. */
        waitedShare: z.number(),
      }),
    ),
  }),
});

export const growthSchema = z.object({
  pinning: z.string(),
  rounds: z.number(),
  batch: z.number(),
  sizes: z.array(z.object({ keys: z.number(), cpuUsPerOperation: summarySchema, fillCpuUsPerOperation: z.number() })),
  /** The largest against the smallest, round by round. */
  ratio: summarySchema,
});

export const memorySchema = z.object({
  rows: z.array(
    z.object({
      name: z.string(),
      items: z.number(),
      /** Growth of the resident memory from before the first item to after the last. */
      residentBytesPerItem: z.number(),
      /** The same, after some seconds of sets and gets. */
      loadedBytesPerItem: z.number(),
      /** By STATS; only for ours. */
      statsBytesPerItem: z.number().optional(),
    }),
  ),
});

export const prefixSchema = z.object({
  items: z.number(),
  rounds: z.number(),
  rows: z.array(
    z.object({
      request: z.string(),
      matches: z.number(),
      milliseconds: summarySchema,
      /** In steps of 10 ms, so that it says something of long requests only. */
      cpuMs: summarySchema,
      rounds: z.number(),
    }),
  ),
});

export const pausesSchema = z.object({
  pinning: z.string(),
  rounds: z.number(),
  rows: z.array(
    z.object({
      scenario: z.string(),
      p99Ms: summarySchema,
      maxMs: summarySchema,
      /** How long the server waited for a core meanwhile, in all: what of the pauses may be others' doing. */
      waitedMs: summarySchema,
    }),
  ),
});

export const durabilitySchema = z.object({
  pinning: z.string(),
  /** Of the directories. */
  filesystem: z.string(),
  rounds: z.number(),
  seconds: z.number(),
  items: z.number(),
  loads: z.array(
    z.object({
      getShare: z.number(),
      batch: z.number(),
      rows: z.array(
        z.object({
          name: z.string(),
          mode: z.string(),
          cpuUsPerOperation: summarySchema,
          operationsPerSecond: summarySchema,
        }),
      ),
      /** Operations a second of one against those of another, round by round; Redis may not be there. */
      shares: z.object({
        /** With `everysec` against those without a log. */
        everysec: summarySchema.optional(),
        redisEverysec: summarySchema.optional(),
        /** Ours against those of Redis, with the same policy. */
        everysecOfRedis: summarySchema.optional(),
        alwaysOfRedis: summarySchema.optional(),
      }),
    }),
  ),
  recovery: z.array(
    z.object({
      name: z.string(),
      from: z.enum(['log', 'snapshot']),
      bytes: z.number(),
      /** More than a start with an empty directory takes. */
      milliseconds: summarySchema,
      itemsPerSecond: z.number(),
    }),
  ),
  snapshot: z.array(
    z.object({
      scenario: z.string(),
      seconds: summarySchema,
      p99Ms: summarySchema,
      maxMs: summarySchema,
      waitedMs: summarySchema,
    }),
  ),
});

export const startSchema = z.object({
  rounds: z.number(),
  rows: z.array(z.object({ name: z.string(), milliseconds: summarySchema, cpuMs: summarySchema })),
});

export const hitsSchema = z.object({
  keys: z.number(),
  accesses: z.number(),
  seed: z.number(),
  rows: z.array(
    z.object({
      trace: z.string(),
      policy: z.string(),
      /** What the cache was to hold, as a share of the keys. */
      share: z.number(),
      /** What it held on average; the references were given as many. */
      items: z.number(),
      hitRatio: z.number(),
      lruHitRatio: z.number(),
      optHitRatio: z.number(),
    }),
  ),
});

export type ServersResult = z.infer<typeof serversSchema>;
export type GrowthResult = z.infer<typeof growthSchema>;
export type MemoryResult = z.infer<typeof memorySchema>;
export type PrefixResult = z.infer<typeof prefixSchema>;
export type PausesResult = z.infer<typeof pausesSchema>;
export type DurabilityResult = z.infer<typeof durabilitySchema>;
export type StartResult = z.infer<typeof startSchema>;
export type HitsResult = z.infer<typeof hitsSchema>;
