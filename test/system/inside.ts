/** The program composed as always, but in this process, so that its engine can be asked without a door. */
import { parseConfig } from '../../api/config.ts';
import { createLog } from '../../api/log.ts';
import { startOnsale, type Onsale } from '../../api/main.ts';

/** Every other charge has a key, so that a start has keys to load, too. */
const keyEvery = 2;

/** On the data directory of the environment. */
export async function startInside(): Promise<Onsale> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return await startOnsale(parsed.config, createLog('warn'), (error) => {
    throw error;
  });
}

/**
 * Charges 1 to one of so many wallets, in turns.
 *
 * @param internal the drivers' way, past the bound of the doors
 */
export async function chargeInTurn(
  engine: Onsale['engine'],
  index: number,
  wallets: number,
  internal = false,
): Promise<void> {
  const user = `w${index % wallets}`;
  const key = { door: 'http', user, key: `k${index}`, fingerprint: 'charge' } as const;
  const outcome = await engine.ask(
    `wallet:${user}`,
    { type: 'ChargeWallet', amount: 1 },
    { ...(internal ? { internal } : {}), ...(index % keyEvery === 0 ? { key } : {}) },
  );
  if (outcome.type !== 'accepted') throw new Error(outcome.code);
}
