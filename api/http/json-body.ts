/**
 * Reads a JSON body within its bound and refuses what parsers quietly differ about: a name that stands twice in an
 * object, bytes that are not UTF-8, an encoding that is not plain.
 */
import { MIMEType } from 'node:util';
import type { Context } from 'hono';
import { arrivedBody } from './adapter.ts';
import type { Awaitable } from '../chain.ts';
import { limits } from '../limits.ts';
import type { FieldError } from './problems.ts';

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
const utf8 = new TextDecoder('utf-8', { fatal: true });
const nothing = new Uint8Array(0);
const depthMax = 32;

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

export type JsonParsed =
  | { readonly ok: true; readonly value: unknown; readonly text: string }
  | { readonly ok: false; readonly error: FieldError };

export function parseJson(bytes: Uint8Array): JsonParsed {
  if (bytes.byteLength === 0) return { ok: false, error: { path: '', message: 'a JSON body is required' } };
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { ok: false, error: { path: '', message: 'the body is not UTF-8' } };
  }
  if (bytes.byteLength > limits.bodyBytesMax && isDeep(bytes)) {
    return { ok: false, error: { path: '', message: 'the body is nested too deeply' } };
  }
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value, text };
  } catch {
    return { ok: false, error: { path: '', message: 'the body is not JSON' } };
  }
}

/** Parsing a large body that is nothing but brackets takes a second; no body of ours nests deeper than five. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) isInString = !isInString;
    else if (isInString) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > depthMax) return true;
  }
  return false;
}

/**
 * Whether some object in `text` names a member twice. `JSON.parse` keeps only the last one, so then there are more
 * colons outside strings than members in `value`. `value` must have passed a schema, which bounds its depth.
 */
export function hasDuplicateNames(text: string, value: unknown): boolean {
  return countColons(text) !== countMembers(value);
}

function countColons(text: string): number {
  let colons = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) colons++;
    else if (code === 0x22) at = endOfString(text, at + 1);
  }
  return colons;
}

/** The index of the quote that ends the string whose first character stands at `at`; the text is valid JSON. */
function endOfString(text: string, at: number): number {
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22 || Number.isNaN(code)) return at;
    at += code === 0x5c ? 2 : 1;
  }
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object') members += countMembers(inner);
  }
  return members;
}
