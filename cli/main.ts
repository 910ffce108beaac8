#!/usr/bin/env node
/** The `speicher` command. */
import { run } from './program.ts';

await run(process.argv.slice(2));
