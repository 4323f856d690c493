/** Errors on their way between threads, where an error's class does not survive. */
import { StorageDamaged, StorageUnavailable } from './damage.ts';

export type Failure =
  | { readonly type: 'damaged'; readonly where: string; readonly what: string; readonly hint: string }
  | { readonly type: 'unavailable'; readonly code: string; readonly message: string }
  | { readonly type: 'bug'; readonly message: string; readonly stack: string | undefined };

export function failureOf(error: unknown): Failure {
  if (error instanceof StorageDamaged) {
    return { type: 'damaged', where: error.where, what: error.what, hint: error.hint };
  }
  if (error instanceof StorageUnavailable) return { type: 'unavailable', code: error.code, message: error.message };
  if (error instanceof Error) return { type: 'bug', message: error.message, stack: error.stack };
  return { type: 'bug', message: String(error), stack: undefined };
}

export function errorOf(failure: Failure): Error {
  switch (failure.type) {
    case 'damaged':
      return new StorageDamaged(failure.where, failure.what, failure.hint);
    case 'unavailable':
      return new StorageUnavailable(failure.code, failure.message);
    case 'bug': {
      const error = new Error(failure.message);
      if (failure.stack !== undefined) error.stack = failure.stack;
      return error;
    }
  }
}
