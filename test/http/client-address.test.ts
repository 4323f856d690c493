/** Whose address is counted, whatever a caller writes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { clientAddress, countedAddress } from '../../api/http/client-address.ts';

const socket = '10.0.0.9';

function written(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

describe('behind no proxy', () => {
  test('the socket’s address counts, whatever the caller says', () => {
    for (const said of [undefined, '', '1.2.3.4', '1.2.3.4, 5.6.7.8'])
      assert.equal(clientAddress(socket, said, 0), socket);
  });
});

describe('behind proxies', () => {
  test('the entry that the outermost trusted one wrote counts', () => {
    const rows: [string | undefined, number, string][] = [
      ['1.2.3.4', 1, '1.2.3.4'],
      ['6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
      ['6.6.6.6,1.2.3.4', 1, '1.2.3.4'],
      ['6.6.6.6, 1.2.3.4, 10.0.0.8', 2, '1.2.3.4'],
      ['2001:db8::1', 1, '2001:db8::1'],
      // Some proxies write the port, too.
      ['1.2.3.4:5678', 1, '1.2.3.4'],
      ['[2001:db8::1]:443', 1, '2001:db8::1'],
      ['[2001:db8::1]', 1, '2001:db8::1'],
    ];
    for (const [said, hops, expected] of rows) assert.equal(clientAddress(socket, said, hops), expected, said);
  });

  test('a list that is too short, or no addresses, gives the nearest one that can be believed', () => {
    const rows: [string | undefined, number, string][] = [
      [undefined, 2, socket],
      ['', 2, socket],
      ['1.2.3.4', 2, '1.2.3.4'],
      ['1.2.3.4', 100, '1.2.3.4'],
      ['garbage, 10.0.0.8', 2, '10.0.0.8'],
      ['1.2.3.4, garbage', 1, socket],
      ['unknown', 1, socket],
      [',', 2, socket],
      [',,,1.2.3.4', 3, '1.2.3.4'],
      ['1.2.3.4,', 1, socket],
      ['1.2.3.999', 1, socket],
      ['1.2.3.4:5:6', 1, socket],
      ['[1.2.3.4', 1, socket],
    ];
    for (const [said, hops, expected] of rows) assert.equal(clientAddress(socket, said, hops), expected, String(said));
  });

  test('nothing that a caller puts in front changes what counts', () => {
    fc.assert(
      fc.property(fc.string(), fc.ipV4(), fc.ipV4(), (spoofed, caller, proxy) => {
        assert.equal(clientAddress(socket, `${spoofed}, ${caller}, ${proxy}`, 2), caller);
      }),
    );
  });

  test('any text gives an address', () => {
    const entry = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.array(entry), fc.nat(5), (entries, hops) => {
        const address = clientAddress(socket, entries.join(','), hops);
        assert.notEqual(countedAddress(address), '');
      }),
    );
  });
});

describe('one caller is', () => {
  test('an IPv4 address, in either writing', () => {
    for (const address of ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304', '0:0:0:0:0:ffff:1.2.3.4']) {
      assert.equal(countedAddress(address), '1.2.3.4');
    }
    assert.notEqual(countedAddress('1.2.3.5'), countedAddress('1.2.3.4'));
  });

  test('a /64 of IPv6, in any writing', () => {
    const same = ['2001:db8:0:7::1', '2001:DB8:0:7:ffff:ffff:ffff:ffff', '2001:0db8:0000:0007:0:0:0:1%eth0'];
    for (const address of same) assert.equal(countedAddress(address), '2001:db8:0:7');
    assert.equal(countedAddress('2001:db8:0:8::1'), '2001:db8:0:8');
    assert.equal(countedAddress('::1'), '0:0:0:0');
    assert.equal(countedAddress('2001:db8::'), '2001:db8:0:0');
    assert.equal(countedAddress('1:2:3:4:5:6:1.2.3.4'), '1:2:3:4');
  });

  test('never two networks, and never half of one', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.array(group, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(groups, groups, groups, (network, host, other) => {
        const counted = countedAddress(written([...network, ...host]));
        // The one network of these that stands for IPv4 is counted by address.
        fc.pre(network.some((one) => one !== 0));
        assert.equal(counted, written(network));
        assert.equal(countedAddress(written([...network, ...other])), counted);
      }),
    );
  });
});
