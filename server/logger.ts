/** What the server needs of a log; pino's loggers have this form. Neither values nor secrets are ever passed to it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing: for a server that is embedded without a log. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
