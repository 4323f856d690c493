/** The HTTP door, as the storm's clients use it: an answer, a broken connection, or one that was never made. */
import { Client, type Reply } from '../system/client.ts';
import type { Entry, Sent } from './entry.ts';
import type { Ledger } from './ledger.ts';

const connectionsMax = 64;

type Request = Parameters<Client['send']>;

export class HttpDoor {
  readonly client: Client;
  readonly #ledger: Ledger;

  constructor(port: number, ledger: Ledger) {
    this.client = new Client(port, connectionsMax);
    this.#ledger = ledger;
  }

  /** Sends the command of an entry; enters nothing. A pause of the engine is waited for, however long it is. */
  async send(entry: Entry): Promise<Sent> {
    const request = this.#requestOf(entry);
    if (request === null) return { type: 'unsent' };
    try {
      return { type: 'answered', answer: answerOf(await this.client.send(...request)) };
    } catch (error) {
      return { type: neverConnected(error) ? 'unsent' : 'broken' };
    }
  }

  #requestOf({ command, key }: Entry): Request | null {
    const keyed = key === null ? {} : { key };
    const token = this.#ledger.latestToken.get(command.userId) ?? '';
    switch (command.type) {
      case 'charge':
        return ['POST', `/v1/users/${command.userId}/charges`, { body: { amount: command.amount }, ...keyed }];
      case 'join':
        return ['POST', '/v1/queue/tokens', { body: { userId: command.userId, room: command.room } }];
      case 'leave':
        return ['DELETE', '/v1/queue/tokens/current', { token: command.token }];
      case 'hold': {
        const body = { scheduleId: command.scheduleId, seatIds: command.seatIds };
        return token === '' ? null : ['POST', '/v1/reservations', { token, body, ...keyed }];
      }
      case 'pay': {
        const place = this.#ledger.tokens.get(token);
        if (place !== undefined) place.endSent = true;
        const body = { reservationId: command.reservationId };
        return token === '' ? null : ['POST', '/v1/payments', { token, body, ...keyed }];
      }
      case 'cancel':
        return token === '' ? null : ['DELETE', `/v1/reservations/${command.reservationId}`, { token }];
    }
  }

  close(): void {
    this.client.close();
  }
}

function answerOf({ status, body, headers }: Reply) {
  const code = typeof body['code'] === 'string' ? body['code'] : null;
  return { status, code, text: JSON.stringify(body), replayed: headers['idempotency-replayed'] === 'true' };
}

function neverConnected(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
