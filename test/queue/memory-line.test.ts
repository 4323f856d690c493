import { describeLine, type LineUnderTest } from './line-contract.ts';
import { MemoryLine } from './memory-line.ts';

function subject(line: MemoryLine): LineUnderTest {
  return { line, done: (work) => work, reopen: async () => subject(line), close: async () => {} };
}

describeLine('the memory line of the tests', async () => subject(new MemoryLine('memory')));
