/** Requests as bytes, made before the clock starts: the generator shares the machine with what it measures. */

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Only ASCII, as all that the bench asks for. */
export function textOf({ method, path, headers, body }: HttpRequest): string {
  let text = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: keep-alive\r\n`;
  for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
  return body === undefined ? `${text}\r\n` : `${text}content-length: ${body.length}\r\n\r\n${body}`;
}

/** Many requests in one piece of memory. */
export class RequestBytes {
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #ends: Float64Array;

  constructor(count: number, requestAt: (index: number) => HttpRequest) {
    this.count = count;
    this.#ends = new Float64Array(count);
    let bytes = Buffer.allocUnsafeSlow(Math.max(1, count) * 512);
    let end = 0;
    for (let index = 0; index < count; index++) {
      const text = textOf(requestAt(index));
      if (end + text.length > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(bytes.length * 2 + text.length);
        bytes.copy(larger, 0, 0, end);
        bytes = larger;
      }
      end += bytes.write(text, end, 'latin1');
      this.#ends[index] = end;
    }
    this.#bytes = bytes;
  }

  at(index: number): Uint8Array {
    return this.#bytes.subarray(this.#ends[index - 1] ?? 0, this.#ends[index]);
  }
}
