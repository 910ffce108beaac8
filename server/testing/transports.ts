/** Over what a test's servers reach their sockets: as they come, or by `SPEICHER_TRANSPORT=plain` the plain way. */
export const TRANSPORT = process.env['SPEICHER_TRANSPORT'] === 'plain' ? 'plain' : 'auto';
