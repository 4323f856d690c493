/** What a schema found wrong, as `errors` of `invalid_request`. */
import type { z } from '@hono/zod-openapi';
import type { FieldError } from './problems.ts';

const errorsMax = 20;
const textMax = 200;

/** Bounded in number and length, because parts of them come from the client. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  const errors: FieldError[] = [];
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) errors.push({ path: [...path, name].join('.'), message: 'unknown field' });
    } else {
      errors.push({ path: path.join('.'), message: issue.message });
    }
    if (errors.length >= errorsMax) break;
  }
  return errors.slice(0, errorsMax).map(({ path, message }) => ({
    path: path.slice(0, textMax).toWellFormed(),
    message: message.slice(0, textMax).toWellFormed(),
  }));
}
