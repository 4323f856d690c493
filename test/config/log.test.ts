import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLog } from '../../api/log.ts';

function linesOf(write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  write(createLog('info', { write: (line: string) => void lines.push(line) }));
  return lines;
}

describe('the log', () => {
  test('is one JSON object a line, with a readable time and level', () => {
    const [line] = linesOf((log) => log.info({ port: 3000 }, 'listening'));
    assert.ok(line !== undefined);
    const entry: unknown = JSON.parse(line);
    assert.ok(typeof entry === 'object' && entry !== null && 'time' in entry);
    assert.match(String(entry.time), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual({ ...entry, time: '' }, { level: 'info', time: '', port: 3000, msg: 'listening' });
  });

  test('holds back what is below its level', () => {
    assert.deepEqual(
      linesOf((log) => log.debug('detail')),
      [],
    );
  });

  test('carries no credential at any depth where one may stand', () => {
    const secret = 'hunter2';
    const text = linesOf((log) => {
      log.info({ token: secret, adminKey: secret, password: secret }, 'top');
      log.info({ config: { authJwtSecret: secret, queueTokenSecret: secret } }, 'config');
      log.info({ req: { headers: { authorization: secret, cookie: secret, 'queue-token': secret } } }, 'request');
      log.info({ a: { res: { headers: { 'set-cookie': [secret], 'Queue-Token': secret } } } }, 'deeper');
      log.fatal({ err: Object.assign(new Error('Invalid URL'), { input: `nats://u:${secret}@h` }) }, 'an error');
      log.child({ token: secret }).warn({ body: { token: secret } }, 'child');
    }).join('');
    assert.ok(text.includes('"msg":"child"'));
    assert.ok(!text.includes(secret), text);
  });
});
