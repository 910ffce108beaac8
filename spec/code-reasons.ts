/**
 * Why a case is code and not data, by the ids that begin with a text. Steps say what is sent and what must come back;
 * these cases count, race, walk or measure, and what they expect depends on what they saw.
 */
export const CODE_REASONS: Readonly<Record<string, string>> = {
  'auth.': 'it makes its requests from the credentials that it was given',
  'consistent.': 'connections race, and the replies are judged together',
  'durable.': 'it kills the server and starts it again',
  'examples.': 'it runs the worked examples as they stand in PROTOCOL.md',
  'expiry.': 'it compares times on its own clock with those of the server',
  'fuzz.': 'it draws what it sends; a finding is written down as steps',
  'hello.': 'it compares the entries of replies with each other and with what the target does',
  'json.': 'what it expects depends on what the target took, or it loops over every cut',
  'linearizable.': 'a checker judges the history of connections that race',
  'list.': 'it walks a listing whose pages the target cuts',
  'lock.': 'it measures when the lock ends',
  'meta.': 'it compares entries with fields of other replies',
  'profile.': 'it judges what HELLO claims, taken together',
  'stats.': 'it compares counters before and after',
  'transport.': 'it loops over cuts or connections, or governs when it reads',
};
