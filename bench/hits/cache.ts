/** What a trace of accesses is played to. */
export interface Cache {
  /**
   * Asks for a key, and takes it in if it is not there.
   *
   * @param key a number from 0 on
   * @returns whether it was there
   */
  access(key: number): boolean;
}
