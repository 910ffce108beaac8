/**
 * The cases that are data, as files of JSON that an interpreter in any language can run: one for each area, a JSON
 * Schema for them, the list of all cases in the suite's order, the clauses' texts, and the tables of the protocol.
 * The interpreter in Python beside them reads nothing else; vectors/README.md defines the language of the steps.
 */
import * as z from 'zod';
import { FLAGS } from '../protocol/flags.ts';
import { COUNTER_MAX, FRAME_BYTES_CEILING, FRAME_BYTES_OVERHEAD } from '../protocol/limits.ts';
import { KEY_BYTES_FLOOR, PROTOCOL_VERSION, VALUE_BYTES_FLOOR } from '../protocol/limits.ts';
import { OPERATIONS, REPLY_BIT } from '../protocol/operations.ts';
import { PROFILE_NAMES, PROFILES, type Profile } from '../protocol/profiles.ts';
import { STATUSES } from '../protocol/statuses.ts';
import { caseLevel, type Case, type StepsCase } from './case.ts';
import { clauses } from './clauses.ts';
import { CODE_REASONS } from './code-reasons.ts';
import { conditionSchema } from './condition.ts';
import { CASES } from './registry.ts';
import { stepSchema } from './step.ts';

const LINE_LENGTH_MAX = 120;

const profileName = z.enum(PROFILE_NAMES as [Profile, ...Profile[]]).meta({ id: 'Profile' });
const caseId = z.string().regex(/^[a-z]+\.[a-z0-9]+(?:-[a-z0-9]+)*$/);

const vectorSchema = z
  .strictObject({
    id: caseId,
    clauses: z.array(z.string().regex(/^[A-Z]+-[0-9]+$/)).min(1),
    level: z.enum(['MUST', 'SHOULD']),
    profile: profileName,
    also: z.array(profileName).optional(),
    needs: z.array(z.string()).optional(),
    isolation: z.enum(['shared', 'exclusive']).optional(),
    dependsOn: z.array(caseId).optional(),
    only: z.array(conditionSchema).optional(),
    kills: z.array(z.string()).optional(),
    why: z.string(),
    hint: z.string().optional(),
    deadlineMs: z.int().positive().optional(),
    steps: z.array(stepSchema),
  })
  .meta({ id: 'Case' });

/** One file of cases. */
export const areaSchema = z.strictObject({
  $schema: z.literal('./schema.json'),
  area: z.string(),
  cases: z.array(vectorSchema).min(1),
});

/**
 * The exported files, by name. Nothing in them depends on when or where they are made.
 *
 * @throws Error for a case of code without a reason in code-reasons.ts, and zod's for one that breaks the schema.
 */
export function vectorFiles(cases: readonly Case[] = CASES): Map<string, string> {
  const files = new Map<string, string>();
  const add = (name: string, content: unknown): void => void files.set(name, layOut(content));
  for (const [area, members] of byArea(cases.filter(isSteps))) {
    add(`${area}.json`, areaSchema.parse({ $schema: './schema.json', area, cases: members.map(vector) }));
  }
  add('index.json', { protocol: PROTOCOL_VERSION, cases: cases.map(indexEntry) });
  add('clauses.json', Object.fromEntries([...clauses().values()].map(({ id, ...clause }) => [id, clause])));
  add('protocol.json', protocolTables());
  add('schema.json', z.toJSONSchema(areaSchema, { io: 'input' }));
  return files;
}

const isSteps = (each: Case): each is StepsCase => 'steps' in each;
const areaOf = ({ id }: Case): string => id.slice(0, id.indexOf('.'));

function byArea(cases: readonly StepsCase[]): [string, StepsCase[]][] {
  const areas = new Map<string, StepsCase[]>();
  for (const each of cases) areas.set(areaOf(each), [...(areas.get(areaOf(each)) ?? []), each]);
  return [...areas].sort(([a], [b]) => (a < b ? -1 : 1));
}

function vector(each: StepsCase): object {
  const { id, profile, also, needs, isolation, dependsOn, only, kills, why, hint, deadlineMs, steps } = each;
  const level = caseLevel(each);
  const known = { id, clauses: each.clauses, level, profile, also, needs, isolation, dependsOn, only, kills };
  // What is undefined must not be there at all: JSON has no word for it.
  return JSON.parse(JSON.stringify({ ...known, why, hint, deadlineMs, steps })) as object;
}

function indexEntry(each: Case): object {
  const { id, dependsOn } = each;
  const known = { id, ...(dependsOn && { dependsOn }) };
  if (isSteps(each)) return { ...known, file: `${areaOf(each)}.json` };
  const reason = Object.entries(CODE_REASONS).find(([start]) => id.startsWith(start))?.[1];
  if (reason === undefined) throw new Error(`${id} is code: say in spec/code-reasons.ts why it cannot be steps`);
  return { ...known, clauses: each.clauses, level: caseLevel(each), profile: each.profile, code: reason };
}

function protocolTables(): object {
  const limits = { COUNTER_MAX, FRAME_BYTES_CEILING, FRAME_BYTES_OVERHEAD, KEY_BYTES_FLOOR, VALUE_BYTES_FLOOR };
  const statuses = Object.entries(STATUSES).map(([name, { status }]) => [name, status]);
  return {
    version: PROTOCOL_VERSION,
    replyBit: REPLY_BIT,
    operations: OPERATIONS,
    flags: FLAGS,
    statuses: Object.fromEntries(statuses) as object,
    profiles: PROFILES,
    limits,
  };
}

/** JSON with as much on a line as fits, so that a step is read and compared at a glance. */
function layOut(content: unknown): string {
  return `${lines(content, '', 0)}\n`;
}

function lines(value: unknown, indent: string, used: number): string {
  const flat = oneLine(value);
  if (typeof value !== 'object' || value === null) return flat;
  if (indent.length + used + flat.length < LINE_LENGTH_MAX || /^[[{][\]}]$/.test(flat)) return flat;
  const inner = `${indent}  `;
  const members = Array.isArray(value)
    ? value.map((each) => lines(each, inner, 0))
    : Object.entries(value).map(([name, each]) => {
        const label = `${JSON.stringify(name)}: `;
        return label + lines(each, inner, label.length);
      });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${members.map((each) => inner + each).join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${oneLine(each)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
