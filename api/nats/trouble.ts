/** What the log says of JetStream where it does not work: once, however often it is tried again. */
import { NatsAway } from './connection.ts';

const noJetStream = 'JetStreamNotEnabled';

/** Where it is known what is wrong, what to do. */
export function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof NatsAway) return error.message;
  // The client keeps this class to itself.
  if (error.name === noJetStream) return 'the server has no JetStream: start nats-server with -js';
  return `${error.name}: ${error.message}`;
}

export class ToldTrouble {
  #last: string | null = null;

  /** Runs `tell` unless this is what was told last. */
  tell(trouble: string, tell: () => void): void {
    if (trouble === this.#last) return;
    this.#last = trouble;
    tell();
  }

  over(): void {
    this.#last = null;
  }
}
