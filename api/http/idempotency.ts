/** What a client's idempotency key is bound to over HTTP (invariant 6). */
import type { ClientKey } from '../../engine/asker.ts';

/**
 * `command` and `request` are what a repetition must equal: the command's name, and everything that was parsed, path
 * parameters included. `user` is empty where there is none (admin). Null without a key.
 */
export function clientKey(key: string | null, user: string, command: string, request: object): ClientKey | null {
  if (key === null) return null;
  return { door: 'http', user, key, fingerprint: `${command} ${JSON.stringify(request)}` };
}

/** The same as options of `ask`. */
export function keyed(key: ClientKey | null): { readonly key?: ClientKey } {
  return key === null ? {} : { key };
}
