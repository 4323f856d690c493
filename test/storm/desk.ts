/** Where the load gives its commands: sends them through their doors and enters what they come to. */
import { isOutcome, type Command, type Door, type Entry, type Sent } from './entry.ts';
import type { HttpDoor } from './http-door.ts';
import type { Ledger } from './ledger.ts';
import type { NatsDoor } from './nats-door.ts';

export class Desk {
  readonly ledger: Ledger;
  readonly http: HttpDoor;
  readonly nats: NatsDoor;
  round = 0;

  constructor(ledger: Ledger, http: HttpDoor, nats: NatsDoor) {
    this.ledger = ledger;
    this.http = http;
    this.nats = nats;
  }

  /** Gives a command once, or twice at the same time under one key; its entry. */
  async give(door: Door, command: Command, keyed: boolean, twice = false): Promise<Entry> {
    const entry = this.ledger.begin(this.round, door, command, keyed);
    await this.#giveAgain(entry, twice);
    return entry;
  }

  /** Sends again what is unknown, until all of it has an outcome, or `false` when `deadlineMs` (monotonic) has come. */
  async settle(unsettled: readonly Entry[], deadlineMs: number): Promise<boolean> {
    const rest = unsettled.values();
    let settled = true;
    const worker = async (): Promise<void> => {
      for (const entry of rest) {
        while (entry.state === 'unknown') {
          if (performance.now() > deadlineMs) {
            settled = false;
            break;
          }
          await this.#giveAgain(entry, false);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    return settled;
  }

  /** The same request once more, entered nowhere. */
  async send(entry: Entry): Promise<Sent> {
    return await (entry.door === 'http' ? this.http.send(entry) : this.nats.send(entry));
  }

  async #giveAgain(entry: Entry, twice: boolean): Promise<void> {
    const sent = await Promise.all(twice ? [this.send(entry), this.send(entry)] : [this.send(entry)]);
    this.ledger.enter(entry, ...sent);
    const [first] = sent;
    // Nobody is there, or has no time: the next one should not come at once.
    if (first?.type !== 'answered' || !isOutcome(first.answer)) await rest();
  }
}

const restMs = 50;

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, restMs));
}
