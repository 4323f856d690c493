/** `npm run nats:install`: gets a `nats-server` for this project, once. Says in one line what it did; exits 1 without one, 2 with arguments. */
import { findServer, installServer } from './install-server.ts';

if (process.argv.length > 2) {
  process.stderr.write('nats:install takes no arguments.\n');
  process.exit(2);
}
const found = findServer(process.env['PATH'] ?? '');
if (found === null) {
  const installed = await installServer();
  if (installed.type === 'installed') process.stdout.write(`nats-server installed: ${installed.path}\n`);
  else {
    process.stderr.write(`No nats-server: ${installed.reason}.\n`);
    process.exitCode = 1;
  }
} else {
  process.stdout.write(`nats-server is there: ${found}\n`);
}
