/** From a message of the work queue to the command that the engine may be asked, or why not. Pure. */
import type { Outcome } from '../../../engine/asker.ts';
import type { Answer } from '../../answers/answer.ts';
import { clientKey } from '../../answers/client-key.ts';
import { invalidRequest, problem, type ProblemCode } from '../../answers/problems.ts';
import type { OnsaleEngine } from '../../protocols.ts';
import { actorCommands, type ActorCommand, type Verb } from './actor-commands.ts';
import { readKey, readMessage, type Message } from './message.ts';

export type DurableRead =
  | {
      readonly ok: true;
      readonly verb: Verb;
      readonly ask: (engine: OnsaleEngine) => Promise<Outcome<unknown, ProblemCode>>;
    }
  | { readonly ok: false; readonly answer: Answer };

const keyMissing = invalidRequest([{ path: 'Idempotency-Key', message: 'is required on durable commands' }]);
const unknownSubject = problem('not_found');

export function readDurable(message: Message): DurableRead {
  // onsale.v1.do.<verb>.<id>
  const verb = message.subject.split('.')[3] ?? '';
  if (!isVerb(verb)) return { ok: false, answer: unknownSubject };
  const command: ActorCommand = actorCommands[verb];
  const read = readMessage(command, message);
  if (!read.ok) return read;
  const key = readKey(message);
  if (!key.ok) return key;
  const { to, command: asked, user, request } = command.toCommand(read.value.id, read.value.body);
  const boundTo = clientKey(key.value, user, verb, request, 'do');
  if (boundTo === null) return { ok: false, answer: keyMissing };
  return { ok: true, verb, ask: (engine) => engine.ask<'schedule' | 'wallet'>(to, asked, { key: boundTo }) };
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(actorCommands, text);
}
