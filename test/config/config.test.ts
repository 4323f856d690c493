import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { parseConfig, type Config } from '../../api/config.ts';

function configOf(env: Record<string, string>): Config {
  const parsed = parseConfig(env);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.errors.join('\n'));
  return parsed.config;
}

function errorsOf(env: Record<string, string>): readonly string[] {
  const parsed = parseConfig(env);
  assert.ok(!parsed.ok);
  return parsed.errors;
}

function secretsOf(adminAndQueueBytes: number, jwtBytes: number) {
  return {
    ADMIN_KEY: 'a'.repeat(adminAndQueueBytes),
    AUTH_JWT_SECRET: 'a'.repeat(jwtBytes),
    QUEUE_TOKEN_SECRET: 'a'.repeat(adminAndQueueBytes),
  };
}

describe('the configuration', () => {
  const defaults: Config = {
    port: 3000,
    host: '127.0.0.1',
    dataDir: resolve('data'),
    demo: true,
    nats: { type: 'private' },
    adminKey: null,
    authJwtSecret: null,
    queueTokenSecret: null,
    logLevel: 'info',
    holdTtlMs: 300_000,
    seatsPerReservationMax: 8,
    seatsPerUserMax: 8,
    requestsPerUserPerSecondMax: null,
    requestsPerAddressPerSecondMax: null,
    trustProxyHops: 0,
  };

  test('an empty environment gives the defaults', () => {
    assert.deepEqual(configOf({}), defaults);
  });

  test('empty variables count as unset', () => {
    const names = ['PORT', 'HOST', 'DATA_DIR', 'DEMO', 'NATS_URL', 'ADMIN_KEY', 'AUTH_JWT_SECRET', 'LOG_LEVEL'];
    const more = ['QUEUE_TOKEN_SECRET', 'HOLD_TTL_SECONDS', 'MAX_SEATS_PER_RESERVATION', 'MAX_SEATS_PER_USER'];
    const rest = ['LIMIT_PER_USER_PER_SECOND', 'LIMIT_PER_ADDRESS_PER_SECOND', 'TRUST_PROXY_HOPS'];
    assert.deepEqual(configOf(Object.fromEntries([...names, ...more, ...rest].map((name) => [name, '']))), defaults);
  });

  test('every variable is read, seconds as milliseconds', () => {
    const config = configOf({
      PORT: '0',
      HOST: '::1',
      DATA_DIR: '/srv/onsale',
      DEMO: 'off',
      NATS_URL: 'nats://a:4222,nats://b:4222',
      ADMIN_KEY: 'k'.repeat(16),
      AUTH_JWT_SECRET: 'j w t '.repeat(6),
      QUEUE_TOKEN_SECRET: 'q'.repeat(16),
      LOG_LEVEL: 'silent',
      HOLD_TTL_SECONDS: '2',
      MAX_SEATS_PER_RESERVATION: '10',
      MAX_SEATS_PER_USER: '1000',
      LIMIT_PER_USER_PER_SECOND: '5',
      LIMIT_PER_ADDRESS_PER_SECOND: '50',
      TRUST_PROXY_HOPS: '1',
      UNKNOWN: 'ignored',
    });
    assert.deepEqual(config, {
      port: 0,
      host: '::1',
      dataDir: '/srv/onsale',
      demo: false,
      nats: { type: 'url', url: 'nats://a:4222,nats://b:4222' },
      adminKey: 'k'.repeat(16),
      authJwtSecret: 'j w t '.repeat(6),
      queueTokenSecret: 'q'.repeat(16),
      logLevel: 'silent',
      holdTtlMs: 2000,
      seatsPerReservationMax: 10,
      seatsPerUserMax: 1000,
      requestsPerUserPerSecondMax: 5,
      requestsPerAddressPerSecondMax: 50,
      trustProxyHops: 1,
    } satisfies Config);
  });

  test('NATS_URL=off means no NATS', () => {
    assert.deepEqual(configOf({ NATS_URL: 'off' }).nats, { type: 'off' });
  });

  test('every mistake is named at once, with what was given', () => {
    assert.deepEqual(
      errorsOf({ PORT: '65536', DEMO: 'yes', HOLD_TTL_SECONDS: '1.5', TRUST_PROXY_HOPS: '-1', LOG_LEVEL: 'loud' }),
      [
        'PORT must be a whole number from 0 to 65535, not "65536"',
        'DEMO must be one of on, off, not "yes"',
        'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
        'HOLD_TTL_SECONDS must be a whole number from 1 to 86400, not "1.5"',
        'TRUST_PROXY_HOPS must be a whole number from 0 to 100, not "-1"',
      ],
    );
  });

  test('a server that the client cannot speak to is refused at once', () => {
    for (const url of ['ws://host:80', 'wss://host', 'nats://a:4222,ws://b:80']) {
      assert.deepEqual(errorsOf({ NATS_URL: url }).length, 1, url);
    }
  });

  test('an error never shows a secret', () => {
    const errors = errorsOf({ ADMIN_KEY: 'with space', NATS_URL: 'nats://user:hunter2@h/path' });
    assert.equal(errors.length, 2);
    assert.ok(!errors.join().includes('with space'));
    assert.ok(!errors.join().includes('hunter2'));
  });

  test('secrets that could be guessed are taken and warned of, without being shown', () => {
    const short = parseConfig(secretsOf(15, 31));
    assert.ok(short.ok);
    assert.deepEqual(short.warnings, [
      'ADMIN_KEY is shorter than 16 bytes and can be guessed: give a longer one in production',
      'AUTH_JWT_SECRET is shorter than 32 bytes and can be guessed: give a longer one in production',
      'QUEUE_TOKEN_SECRET is shorter than 16 bytes and can be guessed: give a longer one in production',
    ]);
    const long = parseConfig(secretsOf(16, 32));
    assert.ok(long.ok && long.warnings.length === 0);
  });

  test('a NATS URL whose password breaks it is refused, without showing it', () => {
    for (const url of ['nats://engine:hunter#2@h:4222', 'nats://a,nats://engine:hunter%zz@h', 'engine:hunter?2@h']) {
      const [error = '', ...others] = errorsOf({ NATS_URL: url });
      assert.match(error, /^NATS_URL must be a URL: special characters/, url);
      assert.deepEqual(others, []);
      assert.ok(!error.includes('hunter'));
    }
    const url = 'nats://engine:hunter%232@h:4222';
    assert.deepEqual(configOf({ NATS_URL: url }).nats, { type: 'url', url });
  });
});
