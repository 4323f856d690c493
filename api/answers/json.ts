/**
 * Parses JSON and refuses what parsers quietly differ about: a name that stands twice in an object, bytes that are not
 * UTF-8.
 */
import { limits } from '../limits.ts';
import type { FieldError } from './problems.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const depthMax = 32;

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
