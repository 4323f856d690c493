/** Reads the body of a request within its bound, and looks at what the headers say of it: its size, type and encoding. */
import { MIMEType } from 'node:util';
import type { Context } from 'hono';
import type { Awaitable } from '../chain.ts';
import { limits } from '../limits.ts';
import { arrivedBody } from './adapter.ts';

export type BodyRead =
  | { readonly type: 'read'; readonly bytes: Uint8Array }
  /** `ended`: all of it has come, so that the connection can go on. */
  | { readonly type: 'too-large'; readonly ended: boolean }
  /** The client went away, or sent less than it promised. */
  | { readonly type: 'broken' };

/** What the headers say of a body, before a byte of it is read. */
export interface BodyHead {
  /** Null for a chunked body, whose size shows only while it is read. */
  readonly bytes: number | null;
  /** A body of some size, and not `application/json` in UTF-8. */
  readonly wrongType: boolean;
}

const utf8Name = /^utf-?8$/i;
const nothing = new Uint8Array(0);

export function readBodyHead(c: Context): BodyHead {
  const length = c.req.header('content-length');
  const chunked = length === undefined && c.req.header('transfer-encoding') !== undefined;
  const bytes = chunked ? null : length === undefined ? 0 : Number(length);
  if (bytes === 0) return { bytes, wrongType: false };
  const contentType = c.req.header('content-type');
  // Written out because nearly every client sends exactly this.
  const isJson = contentType === 'application/json' || (contentType !== undefined && isUtf8Json(contentType));
  const encoding = c.req.header('content-encoding');
  return { bytes, wrongType: !isJson || (encoding !== undefined && encoding.toLowerCase() !== 'identity') };
}

/** Parameters other than `charset` mean nothing to JSON (RFC 8259, 11), so they are passed over. */
function isUtf8Json(contentType: string): boolean {
  try {
    const { essence, params } = new MIMEType(contentType);
    return essence === 'application/json' && utf8Name.test(params.get('charset') ?? 'utf-8');
  } catch {
    return false;
  }
}

/** `head` has been found within `bytesMax`, or does not say. A body that has come already is read without waiting. */
export function readBody(c: Context, head: BodyHead, bytesMax: number): Awaitable<BodyRead> {
  if (head.bytes === 0) return { type: 'read', bytes: nothing };
  const arrived = head.bytes === null ? null : arrivedBody(c, head.bytes);
  return arrived === null ? readBodyComing(c, head, bytesMax) : { type: 'read', bytes: arrived };
}

async function readBodyComing(c: Context, head: BodyHead, bytesMax: number): Promise<BodyRead> {
  try {
    if (head.bytes === null) return await readBounded(c.req.raw, bytesMax);
    const bytes = new Uint8Array(await c.req.raw.arrayBuffer());
    return bytes.byteLength > bytesMax ? { type: 'too-large', ended: true } : { type: 'read', bytes };
  } catch {
    return { type: 'broken' };
  }
}

/**
 * Beyond the bound it reads on without keeping anything, because a client that is still sending when its connection is
 * closed loses the answer; beyond `discardedBytesMax` it stops, whatever still comes.
 */
async function readBounded(request: Request, bytesMax: number): Promise<BodyRead> {
  if (request.body === null) return { type: 'read', bytes: nothing };
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done)
      return bytes > bytesMax ? { type: 'too-large', ended: true } : { type: 'read', bytes: Buffer.concat(chunks) };
    bytes += value.byteLength;
    if (bytes <= bytesMax) chunks.push(value);
    else chunks = [];
    if (bytes > limits.discardedBytesMax) {
      await reader.cancel();
      return { type: 'too-large', ended: false };
    }
  }
}
