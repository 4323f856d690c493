/** The peers of the bench keep what is promised for ours, too: or a comparison with them would say nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { peers } from '../../bench/contenders/peers/all.ts';
import type { Peer } from '../../bench/contenders/peers/peer.ts';
import type { RunningContender } from '../../bench/contender.ts';
import { Client, type Reply } from '../system/client.ts';
import { temporaryDataDir } from '../system/program.ts';
import { hold, tally } from '../system/sale.ts';

/** One peer of each store that answers only what is on disk: the kill is about the store. */
const killed = ['postgres-fewest', 'redis-aof-always', 'restate'];

const catalogue = { schedules: 2, rowsPerSchedule: 2, users: 10 };

/** A peer with a client, and a kill of all its processes after which it starts on the same directory. */
class PeerUnderTest {
  readonly #peer: Peer;
  readonly #directory: ReturnType<typeof temporaryDataDir>;
  #running: RunningContender;
  #client: Client;

  private constructor(peer: Peer, directory: ReturnType<typeof temporaryDataDir>, running: RunningContender) {
    this.#peer = peer;
    this.#directory = directory;
    this.#running = running;
    this.#client = new Client(running.port);
  }

  static async start(peer: Peer): Promise<PeerUnderTest> {
    const directory = temporaryDataDir();
    try {
      return new PeerUnderTest(peer, directory, await peer.startIn(directory.path, catalogue));
    } catch (error) {
      directory.remove();
      throw error;
    }
  }

  hold(user: string, seatIds: readonly string[], key: string, schedule = 'bench-0'): Promise<Reply> {
    return hold(this.#client, user, schedule, seatIds, key);
  }

  seatsHeld(): Promise<number> {
    return this.#running.seatsHeld();
  }

  async killAndStart(): Promise<void> {
    for (const { pid } of this.#running.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // A process of a store that ended by itself just now.
      }
    }
    this.#client.close();
    await this.#running.stop();
    this.#running = await this.#peer.startIn(this.#directory.path, catalogue);
    this.#client = new Client(this.#running.port);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#running.stop().finally(() => this.#directory.remove());
  }
}

for (const peer of peers) {
  const missing = await peer.missing();
  describe(peer.name, { skip: missing ?? false }, () => {
    let under: PeerUnderTest;
    before(async () => {
      under = await PeerUnderTest.start(peer);
    });
    after(() => under.stop());

    test('gives each of 10 seats that 200 ask for at once to exactly one of them', async () => {
      const asked = Array.from({ length: 200 }, (_, index) =>
        under.hold(`crowd-${index}`, [`A-1-${(index % 10) + 1}`], `crowd-${index}`),
      );
      const replies = await Promise.all(asked);
      assert.deepEqual(tally(replies), { '201': 10, seat_unavailable: 190 });
      for (let seat = 0; seat < 10; seat++) {
        const owners = replies.filter(({ status }, index) => index % 10 === seat && status === 201);
        assert.equal(owners.length, 1, `seat ${seat + 1}`);
      }
      assert.equal(await under.seatsHeld(), 10);
    });

    test('takes several seats or none', async () => {
      const before = await under.seatsHeld();
      const taken = await under.hold('ann', ['A-1-21', 'A-1-20', 'A-1-22'], 'several');
      assert.equal(taken.status, 201, JSON.stringify(taken.body));
      assert.equal((await under.hold('ben', ['A-1-23', 'A-1-22'], 'part')).status, 409);
      assert.equal((await under.hold('ben', ['A-1-23'], 'rest')).status, 201);
      assert.equal(await under.seatsHeld(), before + 4);
    });

    test('gives groups that overlap, asked for in any order, to as many as there are seats for', async () => {
      const before = await under.seatsHeld();
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const seats = [`A-2-${(index % 8) + 1}`, `A-2-${((index + 1) % 8) + 1}`];
          return under.hold(`group-${index}`, index % 2 === 0 ? seats : seats.toReversed(), `group-${index}`);
        }),
      );
      const held = replies.filter(({ status }) => status === 201).length;
      assert.deepEqual(tally(replies), { '201': held, seat_unavailable: 40 - held });
      assert.ok(held >= 1 && held <= 4, `${held} groups of two hold eight seats`);
      assert.equal(await under.seatsHeld(), before + held * 2);
    });

    test('answers a repeated key again, without a second effect', async () => {
      const first = await under.hold('eve', ['A-1-30', 'A-1-31'], 'again', 'bench-1');
      const before = await under.seatsHeld();
      const second = await under.hold('eve', ['A-1-30', 'A-1-31'], 'again', 'bench-1');
      assert.equal(first.status, 201);
      assert.equal(second.status, 201);
      assert.deepEqual(second.body, first.body);
      assert.equal((await under.hold('ben', ['A-1-30', 'A-1-31'], 'again', 'bench-1')).status, 409);
      assert.equal(await under.seatsHeld(), before);
    });

    test('refuses what is not on sale, and what is no hold', async () => {
      assert.equal((await under.hold('ann', ['A-3-1'], 'no-seat')).status, 404);
      assert.equal((await under.hold('ann', ['A-1-1'], 'no-date', 'bench-2')).status, 404);
      assert.equal((await under.hold('ann', [], 'nothing')).status, 400);
    });

    test(
      'still has what it answered when everything was killed right after',
      { skip: !killed.includes(peer.name) },
      async () => {
        const before = await under.seatsHeld();
        const ask = (index: number) => under.hold(`kill-${index}`, [`A-2-${index + 1}`], `kill-${index}`, 'bench-1');
        const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)));
        await under.killAndStart();
        assert.deepEqual(tally(replies), { '201': 50 });
        assert.equal(await under.seatsHeld(), before + 50);
        for (const [index, { body }] of replies.entries()) assert.deepEqual((await ask(index)).body, body);
      },
    );
  });
}
