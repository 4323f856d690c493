/** Takes the lock of the directory named by its argument, says so, and holds it until it is killed. */
import { acquireDirectoryLock } from '../../storage/directory-lock.ts';

await acquireDirectoryLock(process.argv[2] ?? '', 0);
process.stdout.write('held\n');
process.stdin.resume();
