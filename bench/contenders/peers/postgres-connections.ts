/** Connections that several statements are under way on at a time, each a transaction of its own. */
import { availableParallelism } from 'node:os';
import { Client } from 'pg';
import { queryOf, type Query } from './postgres-statements.ts';

/** Measured: more of them wait for each other in Postgres, and fewer leave it idle. */
export const connections = 4 * availableParallelism();

/** Sends each statement over the next connection; where Postgres is, is in the environment. */
export async function pipelined(): Promise<Query> {
  const queries = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client({ pipeline: true });
      await client.connect();
      return queryOf(client);
    }),
  );
  let next = 0;
  return (statement) => {
    const query = queries[next++ % connections];
    if (query === undefined) throw new Error('There is no connection.');
    return query(statement);
  };
}
