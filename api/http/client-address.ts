/**
 * From which address a request comes. Each proxy appends the address that it was called from to `X-Forwarded-For`, so
 * only the entries that trusted proxies wrote, counted from the right, can be believed; the rest is the caller's own text.
 */
import { isIP } from 'node:net';

const groupsOfNetwork = 4;

/**
 * The caller's address behind `hops` trusted proxies: the entry number `hops` from the right. Where there are fewer,
 * or that one is no address, the nearest one after it, and at last the socket's own: a caller can only make itself look
 * like one of the proxies, never like someone else.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | undefined, hops: number): string {
  if (forwardedFor === undefined) return socketAddress;
  let address = socketAddress;
  let end = forwardedFor.length;
  for (let hop = 0; hop < hops && end > 0; hop++) {
    const comma = forwardedFor.lastIndexOf(',', end - 1);
    address = addressIn(forwardedFor.slice(comma + 1, end).trim()) ?? address;
    end = comma;
  }
  return address;
}

/**
 * What is counted as one caller: an IPv4 address, also one written as IPv6, or the /64 network of an IPv6 address,
 * which is what one subscriber gets. Any other text is itself.
 */
export function countedAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const [plain = ''] = address.split('%');
  const groups = groupsOf(plain);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  }
  return groups
    .slice(0, groupsOfNetwork)
    .map((group) => group.toString(16))
    .join(':');
}

/** An address, without the port that some proxies write with it; null for anything else. */
function addressIn(entry: string): string | null {
  if (isIP(entry) !== 0) return entry;
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(entry)?.[1] ?? '';
  return isIP(bare) === 0 ? null : bare;
}

/** The eight groups of a valid IPv6 address without zone. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const before = groupsIn(head);
  if (tail === undefined) return before;
  const after = groupsIn(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsIn(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
