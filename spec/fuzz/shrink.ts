/** Makes a list shorter as long as it still shows the same. */

/** Whether what is left still shows it; undefined: nobody can tell any more, and the search has to end. */
export type Shows<Part> = (parts: readonly Part[]) => Promise<boolean | undefined>;

/**
 * The shortest list that was found: ever smaller runs of parts are left out, then each part is made simpler.
 *
 * @param triesMax how often `shows` is asked at most
 */
export async function shrinkParts<Part>(
  parts: readonly Part[],
  simpler: (part: Part) => readonly Part[],
  shows: Shows<Part>,
  triesMax: number,
): Promise<readonly Part[]> {
  let smallest = parts;
  let tries = 0;
  let isOver = false;
  const attempt = async (candidate: readonly Part[]): Promise<boolean> => {
    if (isOver || tries >= triesMax) return false;
    tries += 1;
    const answer = await shows(candidate);
    isOver = answer === undefined;
    if (answer === true) smallest = candidate;
    return answer === true;
  };
  for (let size = Math.max(1, parts.length >> 1); ; size = Math.max(1, size >> 1)) {
    let isShorter = false;
    for (let start = 0; start < smallest.length && smallest.length > 1;) {
      const rest = [...smallest.slice(0, start), ...smallest.slice(start + size)];
      if (rest.length > 0 && (await attempt(rest))) isShorter = true;
      else start += size;
    }
    if (size === 1 && !isShorter) break;
  }
  for (let at = 0; at < smallest.length; at += 1) {
    for (let again = true; again;) {
      again = false;
      for (const other of simpler(smallest[at] as Part)) {
        if (!(await attempt(smallest.map((each, index) => (index === at ? other : each))))) continue;
        again = true;
        break;
      }
    }
  }
  return smallest;
}
