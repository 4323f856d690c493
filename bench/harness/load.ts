/** The load process as the bench sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadJob, LoadResult, Order, Report } from './load-job.ts';

export interface Watch {
  /** Called when load begins and when it is over. */
  readonly onStart?: () => void;
  readonly onEnd?: () => void;
}

export class Load {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Load> {
    const child = fork(join(import.meta.dirname, 'load-process.ts'), {
      execArgv: [],
      cwd: join(import.meta.dirname, '../..'),
    });
    await once(child, 'message');
    return new Load(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects when a connection breaks, or answers stay out: such a round measures nothing. One job at a time. */
  async run(job: LoadJob, { onStart, onEnd }: Watch = {}): Promise<LoadResult> {
    const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
    const onMessage = (report: Report): void => {
      switch (report.type) {
        case 'ready':
          return;
        case 'started':
          return onStart?.();
        case 'ended':
          return onEnd?.();
        case 'done':
          return resolve(report.result);
        case 'failed':
          return reject(new Error(report.reason));
      }
    };
    const onExit = (): void => reject(new Error('the load process ended'));
    this.#child.on('message', onMessage);
    this.#child.once('exit', onExit);
    this.#child.send({ job } satisfies Order, (error) => {
      if (error !== null) reject(error);
    });
    try {
      return await promise;
    } finally {
      this.#child.off('message', onMessage);
      this.#child.off('exit', onExit);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
