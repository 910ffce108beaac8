/** The server, for embedding; `speicher serve` is the same with a command line around it. */
export { systemClock, type Clock } from './clock.ts';
export type { Logger } from './logger.ts';
export { SERVER_OPTIONS, parseServerOptions, type ServerOptions, type ServerOptionsInput } from './options.ts';
export { Server, createServer, createStore, type ServerAddress, type ServerDependencies } from './server.ts';
export type { ItemMeta, ListPage, Store, StoreOptions, StoreStats } from './store/store.ts';
