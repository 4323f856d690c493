/** Sends admin requests to a running server until each has an answer that says something about its body. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

export type Posted =
  | { readonly type: 'created' }
  /** The same thing stood there already. */
  | { readonly type: 'equal' }
  | { readonly type: 'refused'; readonly reason: string };

/** The import cannot go on: nobody answers, or the key is wrong. The message is for the operator. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped';
}

const requestTimeoutMs = 60_000;
/** How long one line is tried again while the server is away or asks to wait. */
const patienceMs = 60_000;
const retryAfterMaxMs = 30_000;

const problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  equal: z.boolean().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export class AdminClient {
  readonly #url: string;
  readonly #key: string;

  /** `url` without a path, for example `http://127.0.0.1:3000`. */
  constructor(url: string, key: string) {
    this.#url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  /** Throws `ImportStopped` when no server answers. */
  async greet(): Promise<void> {
    try {
      await fetch(`${this.#url}/health/live`, { signal: AbortSignal.timeout(5_000) });
    } catch (error) {
      throw new ImportStopped(
        `No server answers at ${this.#url} (${reasonOf(error)}). Start one with npm start, or name it with --url.`,
      );
    }
  }

  /**
   * Creates one thing. Sent again after a lost answer it is found equal, so that nothing is made twice.
   * Throws `ImportStopped` when the key is refused, or when the server stays away for a minute.
   */
  async post(path: string, body: unknown): Promise<Posted> {
    const text = JSON.stringify(body);
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const answer = await this.#send(path, text);
      if (answer.type === 'posted') return answer.posted;
      if (performance.now() + answer.afterMs > giveUpAt) {
        throw new ImportStopped(`${this.#url} has not taken a line for a minute: ${answer.reason}`);
      }
      await sleep(answer.afterMs);
    }
  }

  async #send(path: string, text: string): Promise<Sent> {
    let response: Response;
    let answer: string;
    try {
      response = await fetch(this.#url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
        body: text,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      answer = await response.text();
    } catch (error) {
      return { type: 'again', afterMs: 500, reason: reasonOf(error) };
    }
    if (response.status === 503 || response.status === 429) {
      return { type: 'again', afterMs: retryAfterMs(response.headers.get('retry-after')), reason: answer };
    }
    if (response.status === 401) {
      throw new ImportStopped(
        'The admin key was refused. Give the right one with --key or ADMIN_KEY, or run where the server keeps ' +
          'its data (DATA_DIR), so that the key is read from there.',
      );
    }
    return { type: 'posted', posted: judged(response.status, answer) };
  }
}

type Sent =
  | { readonly type: 'posted'; readonly posted: Posted }
  | { readonly type: 'again'; readonly afterMs: number; readonly reason: string };

function judged(status: number, text: string): Posted {
  if (status === 201) return { type: 'created' };
  const parsed = problem.safeParse(jsonOf(text));
  if (!parsed.success) return { type: 'refused', reason: `answered ${status}` };
  const { code, detail, equal, errors } = parsed.data;
  if (code === 'already_exists') {
    return equal === true ? { type: 'equal' } : { type: 'refused', reason: `${code}: it is there with other content` };
  }
  const details = errors?.map(({ path, message }) => `${path} ${message}`.trim()).join('; ') ?? detail ?? '';
  return { type: 'refused', reason: `${code}: ${details}` };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The header in seconds; a date or nonsense counts as one second. */
function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? '1');
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, retryAfterMaxMs) : 1000;
}

/** `fetch` hides the reason of the system in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
