import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Posted } from '../../api/import/admin-client.ts';
import { fileLines } from '../../api/import/file-lines.ts';
import { importFile, type ImportReport } from '../../api/import/import-file.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'onsale-import-'));
});
after(() => {
  rmSync(directory, { recursive: true });
});

function fileOf(content: string | Buffer): string {
  const path = join(directory, 'lines.jsonl');
  writeFileSync(path, content);
  return path;
}

async function linesOf(content: string | Buffer, bytesMax?: number): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  for await (const line of fileLines(fileOf(content), bytesMax)) {
    lines.push(line.text);
    assert.equal(line.number, lines.length);
  }
  return lines;
}

describe('the lines of a file', () => {
  test('keep their numbers, blank ones and a last one without newline included', async () => {
    assert.deepEqual(await linesOf('a\n\nb\r\nc'), ['a\n', '\n', 'b\r\n', 'c']);
  });

  test('of an empty file are none', async () => {
    assert.deepEqual(await linesOf(''), []);
  });

  test('may span many chunks of the file', async () => {
    const long = 'x'.repeat(1_000_000);
    assert.deepEqual(await linesOf(`${long}\nshort\n`), [`${long}\n`, 'short\n']);
  });

  test('beyond the bound, or not UTF-8, are null, and the next line is read again', async () => {
    assert.deepEqual(await linesOf('12345\n123456789\nok\n', 8), ['12345\n', null, 'ok\n']);
    assert.deepEqual(await linesOf(Buffer.from([0xff, 0xfe, 0x0a, 0x61])), [null, 'a']);
  });

  test('do not begin with a byte order mark', async () => {
    assert.deepEqual(await linesOf('\uFEFFa\n'), ['a\n']);
  });
});

async function imported(
  content: string,
  answer: (path: string, body: unknown) => Posted = () => ({ type: 'created' }),
): Promise<{ report: ImportReport; posts: { path: string; body: unknown }[] }> {
  const posts: { path: string; body: unknown }[] = [];
  const client = {
    async post(path: string, body: unknown): Promise<Posted> {
      posts.push({ path, body });
      return answer(path, body);
    },
  };
  return { report: await importFile(fileOf(content), client, () => {}), posts };
}

describe('an import', () => {
  test('sends concerts before schedules, whatever their order in the file, and each line once', async () => {
    const { report, posts } = await imported(
      '{"schedule":{"id":"s","concertId":"c","venue":"v"}}\n\n{"concert":{"id":"c","name":"n"}}\n',
    );
    assert.deepEqual(posts, [
      { path: '/v1/admin/concerts', body: { id: 'c', name: 'n' } },
      { path: '/v1/admin/concerts/c/schedules', body: { id: 's', venue: 'v' } },
    ]);
    assert.deepEqual(report, { imported: 2, skipped: 0, bad: 0, badLines: [] });
  });

  test('reports bad lines by number, in order, and goes on after them', async () => {
    const { report } = await imported(
      [
        'not json',
        '{"concert":{"id":"a"}}',
        '{"concert":{"name":"without id"}}',
        '{"schedule":{"id":"s","concertId":"no such/path"}}',
        '{"artist":{}}',
        '{"concert":{"id":"b"},"schedule":{"id":"s","concertId":"b"}}',
        '{"schedule":{"id":"t","concertId":"a"}}',
        '{"concert":{"id":"z"}}',
      ].join('\n'),
      (_path, body) =>
        JSON.stringify(body).includes('"z"') ? { type: 'refused', reason: 'already_exists: z' } : { type: 'created' },
    );
    assert.deepEqual(
      report.badLines.map(({ line }) => line),
      [1, 3, 4, 5, 6, 8],
    );
    assert.match(report.badLines[0]?.reason ?? '', /^not JSON: /);
    assert.match(report.badLines[1]?.reason ?? '', /^concert\.id /);
    assert.match(report.badLines[2]?.reason ?? '', /^schedule\.concertId must be/);
    assert.equal(report.badLines[5]?.reason, 'concert z: already_exists: z');
    assert.deepEqual({ ...report, badLines: [] }, { imported: 2, skipped: 0, bad: 6, badLines: [] });
  });

  test('counts what is there already and equal as skipped', async () => {
    const { report } = await imported('{"concert":{"id":"c"}}\n', () => ({ type: 'equal' }));
    assert.deepEqual(report, { imported: 0, skipped: 1, bad: 0, badLines: [] });
  });

  test('names the first thousand bad lines and counts the others', async () => {
    const { report } = await imported('x\n'.repeat(1_500));
    assert.equal(report.bad, 1_500);
    assert.equal(report.badLines.length, 1_000);
  });
});
