/**
 * Secrets that nobody gave are made once and kept under the data directory, readable by its owner only, so that
 * queue tokens and the admin key outlive a restart. Whoever calls this holds the lock of the data directory.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const secretBytes = 32;
const ownerOnly = 0o600;
const visibleAscii = /^[\x21-\x7e]{16,}$/;

export interface Secret {
  readonly value: string;
  /** Where it is kept; null when the environment gave it. */
  readonly path: string | null;
}

export interface Secrets {
  readonly adminKey: Secret;
  readonly queueToken: Secret;
}

/** A kept secret that cannot be used. Making a new one would silently void every token, so the operator decides. */
export class SecretUnusable extends Error {
  override readonly name = 'SecretUnusable';
}

/** Where the admin key of a data directory is kept when the environment gives none. */
export function adminKeyPath(dataDir: string): string {
  return join(dataDir, 'admin.key');
}

/** The given secrets, or those kept under `dataDir`, made when missing. Throws `SecretUnusable`. */
export function openSecrets(
  dataDir: string,
  given: { readonly adminKey: string | null; readonly queueTokenSecret: string | null },
): Secrets {
  return {
    adminKey: openSecret(adminKeyPath(dataDir), given.adminKey),
    queueToken: openSecret(join(dataDir, 'queue-token.secret'), given.queueTokenSecret),
  };
}

/** The given secret, or the one kept in the file `path`, made when missing. Throws `SecretUnusable`. */
export function openSecret(path: string, given: string | null): Secret {
  if (given !== null) return { value: given, path: null };
  return { value: readSecret(path) ?? makeSecret(path), path };
}

/** The secret kept in a file; undefined when there is no such file. Throws `SecretUnusable`. */
export function readSecret(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
    if ((statSync(path).mode & 0o777) !== ownerOnly) chmodSync(path, ownerOnly);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SecretUnusable(`The secret in ${path} cannot be read: ${String(error)}`);
  }
  if (!visibleAscii.test(text)) {
    throw new SecretUnusable(
      `The secret in ${path} is damaged. Put the right one back, or delete the file to have a new one made: ` +
        'clients then need the new admin key, and queue tokens issued before are void.',
    );
  }
  return text;
}

/** Whole or absent at any instant: written beside its place, synced, then renamed. */
function makeSecret(path: string): string {
  const value = randomBytes(secretBytes).toString('base64url');
  const unfinished = `${path}.new`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', ownerOnly);
  try {
    writeSync(file, `${value}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return value;
}
