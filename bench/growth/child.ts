/**
 * A script of `programs/` as a process of its own, so that its memory and its event loop are those of the engine that it
 * composes, and so that it can be killed. It tells by messages how far it is and what it found.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { adminKey, nodeFlags } from '../../test/system/program.ts';
import type { RunOptions } from './measure.ts';

export type FromChild =
  | { readonly type: 'progress'; readonly done: number; readonly of: number; readonly what: string }
  | { readonly type: 'found'; readonly found: unknown };

export interface ChildOptions {
  /** As in `programs/`. */
  readonly script: string;
  readonly dataDir: string;
  /** Beside `DATA_DIR`, and no NATS, unless it says otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given to the script as JSON. */
  readonly input: unknown;
  readonly progress: RunOptions['progress'];
  readonly withinMs: number;
}

/**
 * Runs the script until it says what it found, then kills it without warning (`kill -9`). `Found` is what the script
 * gives: the two are written together.
 */
export async function runChild<Found>(options: ChildOptions): Promise<Found> {
  const { script, dataDir, env = {}, input, progress, withinMs } = options;
  const child = fork(`bench/growth/programs/${script}.ts`, [JSON.stringify(input)], {
    cwd: new URL('../..', import.meta.url).pathname,
    // A script may collect its own garbage before it measures.
    execArgv: [...nodeFlags, '--expose-gc'],
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      PORT: '0',
      NATS_URL: 'off',
      DEMO: 'off',
      ADMIN_KEY: adminKey,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const output: string[] = [];
  child.stdout?.on('data', (chunk) => output.push(String(chunk)));
  child.stderr?.on('data', (chunk) => output.push(String(chunk)));
  const closed = once(child, 'close');
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  child.on('message', (message: FromChild) => {
    if (message.type === 'found') resolve(message.found);
    else progress(message.done, message.of, message.what);
  });
  void closed.then(() => reject(new Error(`${script} ended before it was done:\n${output.join('')}`)));
  const late = setTimeout(() => reject(new Error(`${script} was not done within ${withinMs} ms`)), withinMs);
  try {
    // True: `script` sends what its own file says that it finds.
    return (await promise) as Found;
  } finally {
    clearTimeout(late);
    killNow();
    await closed;
    process.off('exit', killNow);
  }
}
