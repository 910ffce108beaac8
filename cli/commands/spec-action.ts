/** What the subcommands of `speicher spec` have in common: how they end. */

/** Gathers an option that may be repeated. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Runs an action. What goes wrong is said on standard error, its first line first, and has an exit code of its own. */
export async function act(action: () => Promise<number>): Promise<void> {
  // What nobody reads to its end is not proved: a broken pipe must not look like success.
  process.stdout.prependListener('error', () => process.exit(4));
  try {
    process.exitCode = await action();
  } catch (error) {
    const { exitCodeFor } = await import('../../spec/command.ts');
    process.exitCode = exitCodeFor(error);
    const isForeseen = error instanceof Error && error.constructor !== TypeError;
    process.stderr.write(`speicher: ${isForeseen ? error.message : String(error)}\n`);
  }
}
