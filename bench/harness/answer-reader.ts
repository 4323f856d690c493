/**
 * Reads HTTP answers off one connection with the least work that is still right: status, length, and whether the whole
 * answer is there. Heads may be cut anywhere, bodies come by length or in chunks.
 */

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');
const noBytes: Buffer = Buffer.alloc(0);

export type OnAnswer = (status: number, answer: Answer) => void;

export interface Answer {
  /** Empty unless bodies are kept, and of answers in chunks. */
  readonly body: string;
  readonly head: string;
}

export class AnswerReader {
  readonly #onAnswer: OnAnswer;
  readonly #keepsBodies: boolean;
  #status = 0;
  #head = '';
  /** Bytes of a head that is not whole, or of chunks before the last one. */
  #pending = noBytes;
  #bodyLeft = 0;
  #chunked = false;
  #body: Buffer[] = [];

  constructor(onAnswer: OnAnswer, keepsBodies: boolean) {
    this.#onAnswer = onAnswer;
    this.#keepsBodies = keepsBodies;
  }

  /** `bytes` may be overwritten once this returns. Throws on an answer whose length it cannot know. */
  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#chunked) return this.#readChunks(bytes.subarray(at));
      if (this.#bodyLeft > 0) {
        const end = Math.min(bytes.length, at + this.#bodyLeft);
        if (this.#keepsBodies) this.#body.push(Buffer.from(bytes.subarray(at, end)));
        this.#bodyLeft -= end - at;
        at = end;
        if (this.#bodyLeft === 0) this.#finish();
        continue;
      }
      const joined = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes.subarray(at)]);
      const start = joined === bytes ? at : 0;
      const end = joined.indexOf(headEnd, start);
      if (end === -1) {
        this.#pending = Buffer.from(joined.subarray(start));
        return;
      }
      this.#pending = noBytes;
      this.#readHead(joined.toString('latin1', start, end));
      bytes = joined;
      at = end + headEnd.length;
    }
  }

  #readHead(head: string): void {
    this.#head = head;
    // `HTTP/1.1 201 …`
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (this.#status === 204 || this.#status === 304 || length === '0') return this.#finish();
    if (length !== undefined) this.#bodyLeft = Number(length);
    else if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#chunked = true;
    else throw new Error(`an answer without a length: ${head}`);
  }

  /** Only one request is under way on a connection, so the last chunk ends what has come. */
  #readChunks(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const end = this.#pending.length - lastChunk.length;
    const isOver =
      end >= 0 && this.#pending.subarray(end).equals(lastChunk) && (end === 0 || this.#pending[end - 1] === 10);
    if (!isOver) return;
    this.#pending = noBytes;
    this.#chunked = false;
    this.#finish();
  }

  #finish(): void {
    const body = this.#body.length === 0 ? '' : Buffer.concat(this.#body).toString('utf8');
    this.#body = [];
    this.#onAnswer(this.#status, { head: this.#head, body });
  }
}
