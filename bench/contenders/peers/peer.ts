/** Makes a contender of stores and a script that serves holds from them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../../../test/system/program.ts';
import type { Catalogue, Contender, RunningContender } from '../../contender.ts';
import type { NamedProcess } from './store-process.ts';

export interface Peer extends Contender {
  /** Starts it on what an earlier start left in the directory, which `stop` does not remove. */
  readonly startIn: (directory: string, catalogue: Catalogue) => Promise<RunningContender>;
}

export interface Store {
  /** Null when it can run here; else one line that says what is missing and how to get it. */
  readonly missing: () => Promise<string | null>;
  /** Starts it, with the catalogue in it when the directory is new. */
  readonly start: (directory: string, catalogue: Catalogue) => Promise<RunningStore>;
}

export interface RunningStore {
  /** What the server needs to find it. */
  readonly env: Readonly<Record<string, string>>;
  readonly processes: () => readonly NamedProcess[];
  /** Seats that are somebody's; throws when one has two owners. */
  readonly seatsHeld: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface PeerParts {
  readonly name: string;
  readonly label: string;
  readonly durable: boolean;
  /** The first one is where the reservations are. */
  readonly stores: readonly [Store, ...Store[]];
  /** From the root of the repository. */
  readonly server: string;
}

export function peer({ name, label, durable, stores, server }: PeerParts): Peer {
  const startIn = async (directory: string, catalogue: Catalogue): Promise<RunningContender> => {
    const running: RunningStore[] = [];
    const stopStores = async (): Promise<void> => void (await Promise.all(running.map((store) => store.stop())));
    try {
      for (const store of stores) running.push(await store.start(directory, catalogue));
      const program = await Program.start(directory, serverEnv(running, catalogue), server);
      return {
        port: program.port,
        tokens: Array.from({ length: catalogue.users }, (_, user) => `bench-user-${user}`),
        processes: () => [{ name: 'server', pid: program.pid }, ...running.flatMap((store) => store.processes())],
        seatsHeld: async () => (await running[0]?.seatsHeld()) ?? Number.NaN,
        stop: async () => {
          await program.kill();
          await stopStores();
        },
      };
    } catch (error) {
      await stopStores();
      throw error;
    }
  };
  return {
    name,
    label,
    durable,
    missing: async () => {
      const lines = await Promise.all(stores.map((store) => store.missing()));
      return lines.find((line) => line !== null) ?? null;
    },
    startIn,
    start: async (catalogue) => {
      const directory = mkdtempSync(join(tmpdir(), `onsale-${name}-`));
      const remove = (): void => rmSync(directory, { recursive: true, force: true });
      try {
        const running = await startIn(directory, catalogue);
        return { ...running, stop: () => running.stop().finally(remove) };
      } catch (error) {
        remove();
        throw error;
      }
    },
  };
}

function serverEnv(stores: readonly RunningStore[], catalogue: Catalogue): Record<string, string> {
  return Object.assign(
    {
      SCHEDULES: String(catalogue.schedules),
      ROWS_PER_SCHEDULE: String(catalogue.rowsPerSchedule),
      NODE_ENV: 'production',
    },
    ...stores.map(({ env }) => env),
  );
}
