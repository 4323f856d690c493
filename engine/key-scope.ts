/** The scope of a key as a text, and what its door says about it. `storage` and the audit read the same texts. */
import type { Address } from './actor.ts';
import type { KeyScope } from './ports.ts';

/** The scope of a key: door, user, actor addressed, key. Only the last part may hold a `|` as it is. */
export function scopeOf(door: string, user: string, to: Address, key: string): KeyScope {
  return `${escaped(door)}|${escaped(user)}|${escaped(to)}|${key}`;
}

/** The user and the key of a scope that `scopeOf` made. */
export function partsOf(scope: KeyScope): { readonly user: string; readonly key: string } {
  const [door, user, address] = scope.split('|', 3);
  if (door === undefined || user === undefined || address === undefined) throw new Error(`no scope of a key: ${scope}`);
  const key = scope.slice(door.length + user.length + address.length + 3);
  return { user: user.replaceAll('%7C', '|').replaceAll('%25', '%'), key };
}

/** Of a durable command: its message may be delivered again until it is acked. */
export function isDurable(scope: KeyScope): boolean {
  return scope.startsWith('do|');
}

/** Doors whose messages may be delivered again bind every refusal: durable commands, and other engines. */
export function bindsRefusals(scope: KeyScope): boolean {
  return isDurable(scope) || scope.startsWith('engine|');
}

function escaped(part: string): string {
  return part.includes('|') || part.includes('%') ? part.replaceAll('%', '%25').replaceAll('|', '%7C') : part;
}
