/** What a stranger pastes into a shell works, and the README says the same as the program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { firstSteps } from '../../api/demo.ts';
import { until } from '../until.ts';
import { nodeFlags, Program, temporaryDataDir } from './program.ts';

const dataDir = temporaryDataDir();
let program: Program;

before(async () => {
  program = await Program.start(dataDir.path, { DEMO: 'on' });
});
after(async () => {
  await program.stop();
  dataDir.remove();
});

/** The lines that are meant for a shell: they are indented. */
function shellLines(url: string): string[] {
  return firstSteps(url)
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.slice(2));
}

describe('the first lines to try', () => {
  test('are printed by a start on an empty data directory', async () => {
    const lines = firstSteps(`http://127.0.0.1:${program.port}`);
    await until('the program prints the first lines to try', () => program.output.includes(lines));
  });

  test('lead from joining to two paid seats', async () => {
    const script = shellLines(`http://127.0.0.1:${program.port}`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    assert.match(stdout, /"status":"active"/);
    assert.match(stdout, /"id":"northern-lights","name":"Northern Lights".*"schedules":3,"seatsAvailable":45180/);
    assert.match(stdout, /"status":"held".*"totalPrice":330000/);
    assert.match(stdout, /"amount":330000,"balance":170000/);
    assert.ok(stdout.endsWith('{"userId":"ann","balance":170000}'), stdout.slice(-300));
  });

  test('stand in the README word for word', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    assert.ok(readme.includes(shellLines('http://127.0.0.1:3000').join('\n')));
  });
});

test('npm start runs the program with the flags that tests and benches give it', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.equal(
    manifest.scripts['start'],
    ['exec node', ...nodeFlags, '--import ./api/require-node.js api/main.ts'].join(' '),
  );
});
