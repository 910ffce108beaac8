/** What the checks of documents read in Markdown: headings and fenced blocks. */

export interface Heading {
  readonly level: number;
  readonly text: string;
}

export interface CodeBlock {
  /** The word behind the fence, `''` if there is none. */
  readonly language: string;
  readonly text: string;
  /** The line of the first line inside, counted from 1. */
  readonly line: number;
}

export interface Markdown {
  readonly headings: readonly Heading[];
  readonly blocks: readonly CodeBlock[];
}

/**
 * Reads a document. Fences are three backticks at the beginning of a line, the one form that is used here.
 *
 * @throws Error if a fence is not closed.
 */
export function parseMarkdown(text: string): Markdown {
  const headings: Heading[] = [];
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```\s*(\S*)/.exec(line);
    if (fence === null) {
      if (open !== undefined) {
        open.lines.push(line);
        continue;
      }
      const heading = /^(#{1,6}) (.+)$/.exec(line);
      if (heading !== null) headings.push({ level: heading[1]?.length ?? 0, text: heading[2] ?? '' });
    } else if (open === undefined) {
      open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    } else {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the fence before line ${open.line} is not closed`);
  return { headings, blocks };
}
