/** The texts by which the private server and this process know of each other: configuration, ports, what is kept. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A seat list is one message: about 100 bytes a seat. */
const payloadBytesMax = 8 * 1024 * 1024;
/**
 * More than any disk has. By itself the server takes three quarters of what is free at its start, and then refuses the
 * feed's stream on a disk with less than 13 GiB, though that stream takes no more than it holds.
 */
const storeBytesMax = 2 ** 50;

export function configText(directory: string, port: number, token: string | null): string {
  return [
    `listen: "127.0.0.1:${port}"`,
    `ports_file_dir: ${JSON.stringify(directory)}`,
    `max_payload: ${payloadBytesMax}`,
    `jetstream { store_dir: ${JSON.stringify(join(directory, 'store'))}, max_file_store: ${storeBytesMax} }`,
    ...(token === null ? [] : [`authorization { token: ${JSON.stringify(token)} }`]),
    '',
  ].join('\n');
}

/** The port that the server itself has written down; null when it has not yet. */
export function portIn(file: string): number | null {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof ports !== 'object' || ports === null || !('nats' in ports) || !Array.isArray(ports.nats)) return null;
    return Number(new URL(String(ports.nats[0])).port) || null;
  } catch {
    // Not written yet, or not wholly.
    return null;
  }
}

/** Where the server listened last, and as which process; nulls where that is not known. */
export function readKept(file: string): { readonly pid: number | null; readonly port: number | null } {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return { pid: wholeNumber(kept, 'pid'), port: wholeNumber(kept, 'port') };
  } catch {
    // The first start, or a file that a crash cut short: the server is found by its command line all the same.
    return { pid: null, port: null };
  }
}

function wholeNumber(value: unknown, name: string): number | null {
  if (typeof value !== 'object' || value === null) return null;
  // True: only known names are read, and whatever they hold is checked.
  const found = (value as Record<string, unknown>)[name];
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : null;
}
