import { STATUS, type ReplyFrame, type RequestFrame } from '../../protocol/index.ts';
import { divideCredentials } from '../authenticator.ts';
import type { ServerContext } from '../context.ts';
import type { Session } from '../session.ts';

/** AUTH-1. A failure leaves a connection that has authenticated before as it is. */
export function auth(context: ServerContext, session: Session, request: RequestFrame, reply: ReplyFrame): void {
  const credentials = divideCredentials(request.valueBytes, request.valueStart, request.valueEnd);
  if (credentials && context.authenticator?.accepts(credentials)) {
    session.isAuthenticated = true;
    return;
  }
  reply.status = STATUS.UNAUTHENTICATED;
  session.authFailures++;
  session.isEnding = session.authFailures >= context.options.maxAuthFailures; // TRANSPORT-7
  const { peer, authFailures: failures } = session;
  context.logger.warn({ event: 'auth-failed', failures, peer }, 'authentication failed');
}
