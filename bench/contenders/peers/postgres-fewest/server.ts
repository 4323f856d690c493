/** Holds in one statement each: the seats and the reservation in one round trip and one commit. */
import { serveHolds } from '../door.ts';
import { pipelined } from '../postgres-connections.ts';
import { holdInOneStatement } from '../postgres-statements.ts';

const query = await pipelined();
serveHolds((asked) => holdInOneStatement(query, asked));
