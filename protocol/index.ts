/** What the bytes of speicher mean: tables, frame codec, entries and the JSON envelope (PROTOCOL.md). */
export * from './decimal.ts';
export * from './entries.ts';
export * from './errors.ts';
export * from './flags.ts';
export * from './frame-decoder.ts';
export * from './frame-fields.ts';
export * from './frames.ts';
export * from './frame-writer.ts';
export * from './json-envelope.ts';
export * from './json-scanner.ts';
export * from './limits.ts';
export * from './operations.ts';
export * from './profiles.ts';
export * from './spare-buffers.ts';
export * from './statuses.ts';
export * from './tags.ts';
export * from './words.ts';
