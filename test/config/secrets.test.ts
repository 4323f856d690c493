import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { adminKeyPath, openSecrets, SecretUnusable } from '../../api/secrets.ts';

const none = { adminKey: null, queueTokenSecret: null };
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'onsale-secrets-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

describe('secrets that nobody gave', () => {
  test('are made, different from each other, readable by the owner only, and nothing else is left behind', () => {
    const made = openSecrets(dataDir, none);
    assert.notEqual(made.adminKey.value, made.queueToken.value);
    assert.equal(made.adminKey.path, adminKeyPath(dataDir));
    for (const { path, value } of [made.adminKey, made.queueToken]) {
      assert.ok(path !== null);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(readFileSync(path, 'utf8').trim(), value);
      assert.equal(Buffer.from(value, 'base64url').length, 32);
    }
    assert.equal(readdirSync(dataDir).length, 2);
  });

  test('are the same after a restart', () => {
    assert.deepEqual(openSecrets(dataDir, none), openSecrets(dataDir, none));
  });

  test('are made although an earlier start died while it wrote', () => {
    writeFileSync(`${adminKeyPath(dataDir)}.new`, 'half');
    const made = openSecrets(dataDir, none);
    assert.equal(Buffer.from(made.adminKey.value, 'base64url').length, 32);
    assert.equal(openSecrets(dataDir, none).adminKey.value, made.adminKey.value);
  });

  test('are closed again to everyone else', () => {
    openSecrets(dataDir, none);
    chmodSync(adminKeyPath(dataDir), 0o644);
    openSecrets(dataDir, none);
    assert.equal(statSync(adminKeyPath(dataDir)).mode & 0o777, 0o600);
  });

  test('are refused when damaged, never silently replaced', () => {
    writeFileSync(adminKeyPath(dataDir), '');
    assert.throws(() => openSecrets(dataDir, none), SecretUnusable);
    assert.equal(readFileSync(adminKeyPath(dataDir), 'utf8'), '');
  });
});

describe('secrets from the environment', () => {
  test('are used as they are, and leave no file', () => {
    const given = openSecrets(dataDir, { adminKey: 'a', queueTokenSecret: 'q' });
    assert.deepEqual(given, { adminKey: { value: 'a', path: null }, queueToken: { value: 'q', path: null } });
    assert.deepEqual(readdirSync(dataDir), []);
  });
});
