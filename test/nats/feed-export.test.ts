/** `npm run export` as a process: the same events as the feed, its mistakes, and its place in a pipe. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { FeedUnderTest, readStream } from './feed-under-test.ts';
import { NatsUnderTest } from './nats-under-test.ts';
import { until } from '../until.ts';

let nats: NatsUnderTest;
before(async () => {
  nats = await NatsUnderTest.start();
});
after(() => nats.close());

const program = [join(import.meta.dirname, '../../api/export.ts')];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...program, ...args], { env: { PATH: process.env['PATH'], ...env } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  return { code: code === null ? null : Number(code), out, err };
}

/** Members of one printed line that the tests look at. */
interface Line {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

function linesOf({ out, err, code }: Ended): Line[] {
  assert.equal(code, 0, err);
  // Each line is one event as structuredJson writes it.
  return out === ''
    ? []
    : out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
}

function written(context: TestContext): FeedUnderTest {
  const under = new FeedUnderTest(context);
  for (let batch = 0; batch < 100; batch++) under.charge('ann', 'bob', 'cy');
  return under;
}

describe('an export', () => {
  test('prints what the feed publishes, from and to the ids given, both included', async (context) => {
    const under = written(context);
    await under.start(nats.url);
    await until('the feed has caught up', () => under.feed.lag().batches === 0);
    const nc = await nats.connect();
    const published = await readStream(nc);
    await nc.close();

    const all = linesOf(await run(['--from', `${under.journal.id}-1-0`, '--data', under.dataDir]));
    assert.deepEqual(
      all.map(({ id, type, data }) => ({ id, type, data })),
      published.map(({ id, headers, body }) => ({ id, type: headers['ce-type'], data: body })),
    );

    const [from, to] = [under.ids[10] ?? '', under.ids[20] ?? ''];
    const some = linesOf(await run(['--from', from, '--to', to], { DATA_DIR: under.dataDir }));
    assert.deepEqual(
      some.map(({ id }) => id),
      under.ids.slice(10, 21),
    );
  });

  test('reads the directory of a stopped engine', async (context) => {
    const under = written(context);
    under.journal.close();
    const last = under.ids.at(-1) ?? '';
    const lines = linesOf(await run(['--from', last, '--data', under.dataDir]));
    assert.deepEqual(
      lines.map(({ id }) => id),
      [last],
    );
  });

  test('ends quietly when its reader has had enough', async (context) => {
    const under = new FeedUnderTest(context);
    // More than a pipe holds.
    for (let batch = 0; batch < 300; batch++) under.charge(...Array.from({ length: 10 }, (_, index) => `u${index}`));
    const from = `${under.journal.id}-1-0`;
    const child = spawn(process.execPath, [...program, '--from', from, '--data', under.dataDir]);
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => (err += chunk));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    assert.deepEqual([code, err], [0, '']);
  });
});

describe('an export refuses, with a sentence and a code,', () => {
  const wrong: readonly (readonly [what: string, args: (under: FeedUnderTest) => string[], says: RegExp])[] = [
    ['no id at all', () => [], /--from is missing/],
    ['what is no id', () => ['--from', 'yesterday'], /--from yesterday is no id of an event/],
    ['another journal’s id', () => ['--from', 'other-1-0'], /is of journal other, but the journal here is/],
    [
      'an id that is not yet',
      (under) => ['--from', `${under.journal.id}-101-0`],
      /of batch 101; the journal ends at 100/,
    ],
    [
      'an end before the beginning',
      (under) => ['--from', `${under.journal.id}-2-0`, '--to', `${under.journal.id}-1-3`],
      /is before --from/,
    ],
    ['an unknown option', () => ['--since', 'x'], /--since/],
  ];
  test('wrong command lines: 2', async (context) => {
    const under = written(context);
    for (const [what, args, says] of wrong) {
      const { code, out, err } = await run([...args(under), '--data', under.dataDir]);
      assert.deepEqual([what, code, out], [what, 2, '']);
      assert.match(err, says);
    }
  });

  test('a directory without a journal: 1', async (context) => {
    const under = written(context);
    under.journal.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(under.dataDir, `journal.db${suffix}`), { force: true });
    const { code, err } = await run(['--from', `${under.journal.id}-1-0`, '--data', under.dataDir]);
    assert.equal(code, 1);
    assert.match(err, /holds no journal/);
  });
});
