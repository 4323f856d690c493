/** The systems that one would build instead: see README.md beside this. */
import { peer, type Peer } from './peer.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { restate } from './restate.ts';

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
  peer({
    name: 'redis-lock-postgres',
    label: 'Redis locks, then Postgres',
    durable: true,
    stores: [postgres, redis('off')],
    server: `${servers}/redis-lock-postgres/server.ts`,
  }),
  peer({
    name: 'redis-only',
    label: 'Redis script, not durable',
    durable: false,
    stores: [redis('off')],
    server: `${servers}/redis-only/server.ts`,
  }),
  peer({
    name: 'redis-aof-always',
    label: 'Redis script, appendfsync always',
    durable: true,
    stores: [redis('always')],
    server: `${servers}/redis-only/server.ts`,
  }),
  peer({
    name: 'restate',
    label: 'Restate, an object a seat',
    durable: true,
    stores: [restate],
    server: `${servers}/restate/server.ts`,
  }),
];
