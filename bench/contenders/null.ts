/** The handler that does nothing, as a contender. */
import { Program, temporaryDataDir } from '../../test/system/program.ts';
import type { Contender } from '../contender.ts';

export const nullHandler: Contender = {
  name: 'null',
  label: 'null handler',
  durable: false,
  baseline: true,
  missing: () => Promise.resolve(null),
  async start({ users }) {
    const dataDir = temporaryDataDir();
    const program = await Program.start(dataDir.path, {}, 'bench/contenders/null-server.ts');
    return {
      port: program.port,
      // As long as real ones: it reads as many bytes as the others.
      tokens: Array.from({ length: users }, (_, user) => `${'t'.repeat(60)}${user}`.padEnd(108, 's')),
      processes: () => [{ name: 'null handler', pid: program.pid }],
      seatsHeld: () => Promise.resolve(0),
      async stop() {
        await program.kill();
        dataDir.remove();
      },
    };
  },
};
