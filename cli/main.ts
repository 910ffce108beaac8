#!/usr/bin/env node
/** The `speicher` command. */
import { run } from './program.ts';

// The exit code is set, not forced: a server goes on serving, and what is written to a pipe still gets there.
process.exitCode = await run(process.argv.slice(2));
