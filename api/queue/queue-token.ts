/**
 * Queue tokens: `1.<room>.<epoch>.<place>.<user>.<mac>`. The same place gives the same token, from whichever door and
 * however often it is asked for. The mac is HMAC-SHA-256 cut to 128 bits (RFC 2104, section 5), over all before it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PlaceInLine } from '../../actors/admission/messages.ts';
import { ShardedMap } from '../../engine/sharded-map.ts';

const version = '1';
const macBytes = 16;
/** Longest genuine token: three ids of 64, a place of 16 digits, a mac of 22 and what joins them, with some to spare. */
const tokenCharsMax = 512;
const part = /^[A-Za-z0-9_-]{1,64}$/;
const wholeNumber = /^[1-9][0-9]{0,15}$/;

export interface QueueTokens {
  /** The token of a place. Throws on an id that no schema lets through: that is a bug. */
  sign(place: PlaceInLine): string;
  /** What a genuine token names; null for anything else. Never throws, and costs no crypto for one seen before. */
  verify(token: string): PlaceInLine | null;
}

/** @param cacheMax bound of the tokens remembered; at least half of it are the most recently used ones. */
export function createQueueTokens(secret: string | Uint8Array, cacheMax: number): QueueTokens {
  if (secret.length === 0) throw new Error('queue tokens need a secret');
  // Two generations: a hit in the older one moves up, and the older one is forgotten as a whole when the younger is full.
  const generationMax = Math.max(1, Math.floor(cacheMax / 2));
  let younger = new ShardedMap<PlaceInLine>();
  let older = new ShardedMap<PlaceInLine>();

  function mac(text: string): Buffer {
    return createHmac('sha256', secret).update(text).digest().subarray(0, macBytes);
  }

  function remember(token: string, place: PlaceInLine): void {
    if (younger.size >= generationMax) {
      older = younger;
      younger = new ShardedMap();
    }
    younger.set(token, place);
  }

  return {
    sign({ room, epoch, place, userId }) {
      if (!part.test(room) || !part.test(epoch) || !part.test(userId) || !wholeNumber.test(String(place))) {
        throw new Error('a queue token cannot name this room, epoch, place or user');
      }
      const text = `${version}.${room}.${epoch}.${place}.${userId}`;
      const token = `${text}.${mac(text).toString('base64url')}`;
      // Whoever gets it comes back with it.
      if (!younger.has(token)) remember(token, { room, epoch, place, userId });
      return token;
    },

    verify(token) {
      if (token.length > tokenCharsMax) return null;
      const known = younger.get(token);
      if (known !== undefined) return known;
      const fading = older.get(token);
      if (fading !== undefined) {
        remember(token, fading);
        return fading;
      }
      const place = parse(token);
      if (place === null) return null;
      const end = token.lastIndexOf('.');
      const given = Buffer.from(token.slice(end + 1), 'base64url');
      const right = mac(token.slice(0, end));
      if (given.length !== macBytes || !timingSafeEqual(given, right)) return null;
      // One spelling only: base64url decoding would let other last characters through.
      if (token.slice(end + 1) !== right.toString('base64url')) return null;
      remember(token, place);
      return place;
    },
  };
}

function parse(token: string): PlaceInLine | null {
  const [tokenVersion, room, epoch, place, userId, mac, ...rest] = token.split('.');
  if (tokenVersion !== version || mac === undefined || rest.length > 0) return null;
  if (room === undefined || epoch === undefined || place === undefined || userId === undefined) return null;
  if (!part.test(room) || !part.test(epoch) || !part.test(userId) || !wholeNumber.test(place)) return null;
  return { room, epoch, place: Number(place), userId };
}
