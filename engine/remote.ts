/**
 * Questions between engines (invariant 10). The receiver answers the same question the same way, refusals included,
 * because its answer is bound under the question as a client's would be under a key.
 */
import { scopeOf } from './key-scope.ts';
import type { Remote, RemoteMessage } from './options.ts';
import type { ErasedOutcome, Request } from './request.ts';

/** For an engine that is alone. */
export const ownsEverything: Remote = {
  owns: () => true,
  send: () => {
    throw new Error('this engine has no other engine to talk to');
  },
};

/** The command that another engine's question is here; its outcome goes back as the answer. */
export function requestOf(message: Extract<RemoteMessage, { type: 'ask' }>, remote: Remote): Request {
  const { from, to, command, question } = message;
  return {
    to,
    command,
    gate: null,
    key: {
      scope: scopeOf('engine', from, to, question),
      fingerprint: command.type,
      text: question,
      bindsRefusals: true,
    },
    counted: false,
    arrivedMs: 0,
    openQuestion: null,
    pendingJournaled: false,
    resolve(judged: ErasedOutcome) {
      const outcome = judged.type === 'rejected' ? judged : { type: judged.type, reply: judged.reply };
      remote.send({ type: 'answer', to: from, question, outcome });
    },
  };
}
