import { PROTOCOL_VERSION } from '../../protocol/index.ts';
import type { ServerContext } from '../context.ts';
import { isDurable } from '../data-options.ts';
import { claimedProfiles } from '../options.ts';
import { VERSION } from '../version.ts';
import type { TextEntries } from './text-entries.ts';

/** HELLO-1: what this server is, implements and allows; sizes in bytes. */
export function helloEntries({ options }: ServerContext): TextEntries {
  return [
    ['protocol', `${PROTOCOL_VERSION}`],
    ['server', `speicher ${VERSION}`],
    ['profiles', claimedProfiles(options).join(' ')],
    ['max-key', `${options.maxKeyBytes}`],
    ['max-value', `${options.maxValueBytes}`],
    ['max-frame', `${options.maxFrameBytes}`],
    // Section 8: what a SYNC has answered with 200 is synced, whatever the mode.
    ...(isDurable(options) ? ([['durability', 'power']] as const) : []),
  ];
}
