/** From the bytes of a body to what its schema makes of them, or the problem that says why not. The same at every door. */
import type { z } from '@hono/zod-openapi';
import type { Answer } from './answer.ts';
import { fieldErrors } from './field-errors.ts';
import { hasDuplicateNames, parseJson } from './json.ts';
import { invalidRequest } from './problems.ts';

export type ParsedBody<Body> =
  | { readonly ok: true; readonly value: Body }
  | { readonly ok: false; readonly answer: Answer };

export function parseBody<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): ParsedBody<z.output<Schema>> {
  const json = parseJson(bytes);
  if (!json.ok) return { ok: false, answer: invalidRequest([json.error]) };
  const parsed = schema.safeParse(json.value);
  if (!parsed.success) return { ok: false, answer: invalidRequest(fieldErrors(parsed.error)) };
  if (hasDuplicateNames(json.text, json.value)) {
    return { ok: false, answer: invalidRequest([{ path: '', message: 'a field stands twice in an object' }]) };
  }
  return { ok: true, value: parsed.data };
}
