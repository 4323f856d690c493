/** What a client's idempotency key is bound to (invariant 6), the same at every door. */
import type { ClientKey } from '../../engine/asker.ts';
import { invalidRequest } from './problems.ts';

const keyPattern = /^[\x21-\x7e]{1,128}$/;

export const badClientKey = invalidRequest([
  { path: 'Idempotency-Key', message: 'must be 1 to 128 visible ASCII characters' },
]);

export function isClientKey(text: string): boolean {
  return keyPattern.test(text);
}

/**
 * `command` and `request` are what a repetition must equal: the command's name, and everything that was parsed, path
 * parameters included. `user` is empty where there is none (admin). Null without a key.
 */
export function clientKey(
  key: string | null,
  user: string,
  command: string,
  request: object,
  door: ClientKey['door'] = 'http',
): ClientKey | null {
  if (key === null) return null;
  return { door, user, key, fingerprint: `${command} ${JSON.stringify(request)}` };
}

/** The same as options of `ask`. */
export function keyed(key: ClientKey | null): { readonly key?: ClientKey } {
  return key === null ? {} : { key };
}
