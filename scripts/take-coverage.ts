/**
 * Runs in each test file's process under coverage.ts: vitest ends its processes without letting V8 write its counts.
 */
import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

afterAll(() => takeCoverage());
