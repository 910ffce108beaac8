import type { ItemMeta } from '../store/store.ts';
import type { TextEntries } from './text-entries.ts';

/** META-1: `created` and `accessed` in Unix seconds, `ttl`, `left` and `lock` in milliseconds, `size` in bytes. */
export function metaEntries(meta: ItemMeta): TextEntries {
  return [
    ['size', `${meta.sizeBytes}`],
    ['tag', `${meta.tag}`],
    ['version', `${meta.version}`],
    ['created', `${Math.floor(meta.createdMs / 1000)}`],
    ['accessed', `${Math.floor(meta.accessedMs / 1000)}`],
    ['ttl', `${meta.ttlMs}`],
    ['left', `${meta.leftMs}`],
    ['lock', `${meta.lockMs}`],
  ];
}
