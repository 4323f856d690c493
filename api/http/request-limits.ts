/** How many requests one user, and one address, may send: the two limits of the door, each of which may be off. */
import type { Context } from 'hono';
import type { Answer } from '../answers/answer.ts';
import { problem } from '../answers/problems.ts';
import { socketAddressOf } from './adapter.ts';
import { clientAddress, countedAddress } from './client-address.ts';
import { RateLimit } from './rate-limit.ts';

export interface RequestLimitRules {
  /** Null: no limit. */
  readonly perUserPerSecondMax: number | null;
  /** Null: no limit. */
  readonly perAddressPerSecondMax: number | null;
  /** Proxies in front of this process that name their caller in `X-Forwarded-For`. */
  readonly trustProxyHops: number;
}

export interface RequestLimits {
  /** The refusal of a request from an address that sends too many; null where the limit is off. */
  readonly ofAddress: ((c: Context) => Answer | null) | null;
  /** The refusal of a request for a user who sends too many; null where the limit is off. */
  readonly ofUser: ((userId: string) => Answer | null) | null;
}

export function createRequestLimits(rules: RequestLimitRules): RequestLimits {
  const { perUserPerSecondMax, perAddressPerSecondMax, trustProxyHops } = rules;
  const byAddress = perAddressPerSecondMax === null ? null : limit(perAddressPerSecondMax);
  return {
    ofUser: perUserPerSecondMax === null ? null : limit(perUserPerSecondMax),
    ofAddress:
      byAddress === null
        ? null
        : (c) => {
            const socketAddress = socketAddressOf(c);
            if (socketAddress === null) return null;
            const address =
              trustProxyHops === 0
                ? socketAddress
                : clientAddress(socketAddress, c.req.header('x-forwarded-for'), trustProxyHops);
            return byAddress(countedAddress(address));
          },
  };
}

function limit(perSecond: number): (name: string) => Answer | null {
  const rate = new RateLimit({ perSecond });
  // Made once: refusing must cost less than answering.
  const refusal = problem('too_many_requests', { limit: perSecond });
  return (name) => (rate.passes(name) ? null : refusal);
}
