/** Credentials that are wrong in one way each, made by someone who is good at it. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { adminKey } from '../http/stage.ts';

export const jwtSecret = 'jwt-secret-of-the-tests-that-is-long-enough';
export const queueSecret = 'queue-secret-of-the-tests-that-is-long-enough';
const nowSeconds = Math.floor(Date.now() / 1000);

/** Made by hand, so that what is wrong in it is only what is meant. */
export function jwt(payload: object, { secret = jwtSecret, alg = 'HS256', hash = 'sha256' } = {}): string {
  const signed = [{ alg, typ: 'JWT' }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const mac = alg === 'none' ? '' : createHmac(hash, secret).update(signed).digest('base64url');
  return `${signed}.${mac}`;
}

export const inTime = { exp: nowSeconds + 600 };
export const ann = jwt({ sub: 'ann', ...inTime });
export const bob = jwt({ sub: 'bob', ...inTime });

function flipped(text: string, at: number): string {
  const index = at < 0 ? text.length + at : at;
  return `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`;
}

export const badJwts: Readonly<Record<string, string>> = {
  'no JWT at all': 'x',
  'the admin key': adminKey,
  'two parts': ann.split('.').slice(0, 2).join('.'),
  'four parts': `${ann}.x`,
  'another secret': jwt({ sub: 'ann', ...inTime }, { secret: 'another-secret-that-is-just-as-long-as-it' }),
  'the secret of queue tokens': jwt({ sub: 'ann', ...inTime }, { secret: queueSecret }),
  'alg none': jwt({ sub: 'ann', ...inTime }, { alg: 'none' }),
  'alg None': jwt({ sub: 'ann', ...inTime }, { alg: 'None' }),
  'alg none with a signature': `${jwt({ sub: 'ann', ...inTime }, { alg: 'none' })}${ann.split('.')[2]}`,
  'alg RS256': jwt({ sub: 'ann', ...inTime }, { alg: 'RS256' }),
  'alg HS512': jwt({ sub: 'ann', ...inTime }, { alg: 'HS512', hash: 'sha512' }),
  'an altered payload': [bob.split('.')[0], ann.split('.')[1], bob.split('.')[2]].join('.'),
  'an altered signature': flipped(ann, -20),
  'no signature': `${ann.split('.').slice(0, 2).join('.')}.`,
  expired: jwt({ sub: 'ann', exp: nowSeconds - 1 }),
  'expired at 0': jwt({ sub: 'ann', exp: 0 }),
  'an end that is text': jwt({ sub: 'ann', exp: '9999999999' }),
  'an end that is null': jwt({ sub: 'ann', exp: null }),
  'not yet valid': jwt({ sub: 'ann', nbf: nowSeconds + 600 }),
  'issued in the future': jwt({ sub: 'ann', iat: nowSeconds + 600 }),
  'no subject': jwt(inTime),
  'an empty subject': jwt({ sub: '', ...inTime }),
  'a subject that is no id': jwt({ sub: 'ann/../bob', ...inTime }),
  'a subject with a line end': jwt({ sub: 'ann\n', ...inTime }),
  'a list of subjects': jwt({ sub: ['ann'], ...inTime }),
  huge: jwt({ sub: 'ann', ...inTime, more: 'x'.repeat(8_000) }).slice(0, -5),
};

/** What the signer of queue tokens makes of these parts. */
export function forge(parts: readonly string[], secret = queueSecret): string {
  const text = parts.join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest().subarray(0, 16).toString('base64url')}`;
}

/** Made from a genuine token. */
export function forgedTokens(token: string): Readonly<Record<string, string>> {
  const [version = '', room = '', epoch = '', place = '', user = '', mac = ''] = token.split('.');
  // The forger of this test is good at it: with the right secret it makes the very token.
  assert.equal(forge([version, room, epoch, place, user]), token);
  return {
    'no token at all': 'x',
    'the JWT': ann,
    'another secret': forge([version, room, epoch, place, user], jwtSecret),
    'another user': [version, room, epoch, place, 'bob', mac].join('.'),
    'another place': [version, room, epoch, `${place}0`, user, mac].join('.'),
    'another room': [version, 'vip', epoch, place, user, mac].join('.'),
    'another epoch': [version, room, 'x', place, user, mac].join('.'),
    'another version': ['2', room, epoch, place, user, mac].join('.'),
    'an altered mac': flipped(token, -10),
    'the same mac in other letters': `${token.slice(0, -1)}${nextLetter(token)}`,
    'a padded mac': `${token}==`,
    'a mac in hexadecimal': `${token.slice(0, -mac.length)}${Buffer.from(mac, 'base64url').toString('hex')}`,
    'a short mac': token.slice(0, -2),
    'no mac': token.slice(0, -mac.length),
    'a part more': `${token}.x`,
    'a place with a zero in front': forge([version, room, epoch, `0${place}`, user]),
    'another case': token.toUpperCase(),
    huge: `${token}${'A'.repeat(5_000)}`,
  };
}

/** 16 bytes end in a letter of which four bits say nothing: another one that decodes to the same bytes. */
function nextLetter(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(text.slice(-1)) + 1] ?? '';
}
