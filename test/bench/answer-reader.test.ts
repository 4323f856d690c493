import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnswerReader } from '../../bench/harness/answer-reader.ts';

const created = 'HTTP/1.1 201 Created\r\nContent-Length: 11\r\nconnection: keep-alive\r\n\r\n{"id":"a1"}';
const unchanged = 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n';
const empty = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const chunked = 'HTTP/1.1 409 Conflict\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"a":0}\r\n0\r\n\r\n';

/** What is read of these pieces, one after the other in the same memory. */
function read(pieces: readonly string[]): [status: number, body: string][] {
  const answers: [number, string][] = [];
  const reader = new AnswerReader((status, { body }) => answers.push([status, body]), true);
  const shared = Buffer.alloc(4_096);
  for (const piece of pieces) {
    const length = shared.write(piece, 'latin1');
    reader.read(shared.subarray(0, length));
    shared.fill('x');
  }
  return answers;
}

describe('an answer', () => {
  it('is read wherever it is cut', () => {
    for (const [answer, status, body] of [
      [created, 201, '{"id":"a1"}'],
      [unchanged, 304, ''],
      [empty, 200, ''],
      [chunked, 409, ''],
    ] as const) {
      for (let cut = 0; cut <= answer.length; cut++) {
        assert.deepEqual(read([answer.slice(0, cut), answer.slice(cut)]), [[status, body]], `cut at ${cut}`);
      }
      assert.deepEqual(read(answer.split('')), [[status, body]]);
    }
  });

  it('is told from the next one', () => {
    assert.deepEqual(
      read([created + unchanged + empty + created.slice(0, 50), created.slice(50)]).map(([status]) => status),
      [201, 304, 200, 201],
    );
  });

  it('without a length is an error', () => {
    assert.throws(() => read(['HTTP/1.1 200 OK\r\n\r\n']), /without a length/);
  });
});
