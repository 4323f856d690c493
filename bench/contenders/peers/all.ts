/** The systems that one would build instead: see README.md beside this. */
import { peer, type Peer } from './peer.ts';
import { postgres } from './postgres.ts';

const servers = 'bench/contenders/peers';

export const peers: readonly Peer[] = [
  peer({
    name: 'postgres-row-lock',
    label: 'Postgres, row locks in a transaction',
    durable: true,
    stores: [postgres],
    server: `${servers}/postgres-row-lock/server.ts`,
  }),
  peer({
    name: 'postgres-fewest',
    label: 'Postgres, one statement',
    durable: true,
    stores: [postgres],
    server: `${servers}/postgres-fewest/server.ts`,
  }),
];
