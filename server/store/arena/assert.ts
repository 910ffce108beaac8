/** @throws Error if the store's books are not right: a defect */
export function assert(isRight: boolean, what: string): void {
  /* c8 ignore next -- only a defect gets here */
  if (!isRight) throw new Error(`the store's books are wrong: ${what}`);
}
