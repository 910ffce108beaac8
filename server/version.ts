/** The version of this server, as HELLO gives it and as `package.json` has it; a test compares the two. */
export const VERSION = '0.3.1';
