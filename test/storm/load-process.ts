/** The load's process, as the storm sees it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FromLoad, LoadSetUp, ToLoad } from './load-messages.ts';

type Checked = Extract<FromLoad, { type: 'checked' }>;

export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  /** Resolves when the sale is prepared and everyone is ready to go. */
  static async start(setUp: LoadSetUp): Promise<LoadProcess> {
    const child = fork(join(import.meta.dirname, 'load.ts'), [], {
      execArgv: [],
      env: { PATH: process.env['PATH'] },
    });
    const load = new LoadProcess(child);
    try {
      await load.#ask({ type: 'set-up', ...setUp }, 'ready');
      return load;
    } catch (error) {
      await load.kill();
      throw error;
    }
  }

  async go(round: number): Promise<void> {
    await this.#ask({ type: 'go', round }, 'going');
  }

  async settle(last: boolean): Promise<Checked> {
    const answer = await this.#ask({ type: 'settle', last }, 'checked');
    if (answer.type !== 'checked') throw new Error(`the load answered ${answer.type}`);
    return answer;
  }

  /** Politely; resolves when it has gone. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.send({ type: 'end' } satisfies ToLoad);
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #ask(message: ToLoad, answer: FromLoad['type']): Promise<FromLoad> {
    const answered = Promise.withResolvers<FromLoad>();
    const hear = (heard: FromLoad): void => {
      if (heard.type === 'failed') answered.reject(new Error(`the load failed: ${heard.error}`));
      else if (heard.type === answer) answered.resolve(heard);
    };
    this.#child.on('message', hear);
    try {
      this.#child.send(message);
      const gone = this.#exited.then(() => {
        throw new Error('the load has ended by itself');
      });
      return await Promise.race([answered.promise, gone]);
    } finally {
      this.#child.off('message', hear);
    }
  }
}
