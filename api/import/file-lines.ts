/** The lines of a file, one at a time, however large file and lines are. */
import { createReadStream } from 'node:fs';

/** Longer lines are not kept in memory; the admin door would refuse their bodies anyway. */
const lineBytesMax = 16 * 1024 * 1024;

export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Null for a line that is too long, or not UTF-8. */
  readonly text: string | null;
  /** Bytes of the file up to and with this line. */
  readonly endOffset: number;
}

const newline = 0x0a;

/** Yields every line of the file at `path`, the last one also without a newline. A byte order mark is dropped. */
export async function* fileLines(path: string, bytesMax = lineBytesMax): AsyncGenerator<FileLine, void, void> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  let offset = 0;

  function add(piece: Buffer): void {
    bytes += piece.length;
    // Of a line that is too long only the length goes on being counted.
    if (bytes <= bytesMax) pieces.push(piece);
    else pieces = [];
  }
  function finish(): FileLine {
    number += 1;
    offset += bytes;
    const text = bytes <= bytesMax ? decoded(Buffer.concat(pieces)) : null;
    pieces = [];
    bytes = 0;
    return { number, text, endOffset: offset };
  }

  // A file stream without an encoding yields buffers.
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, end + 1));
      yield finish();
      start = end + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (bytes > 0) yield finish();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
