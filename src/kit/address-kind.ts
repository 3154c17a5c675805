import { BlockList, isIP } from 'node:net';

/**
 * Where an IP address leads. `loopback`: this machine. `private`: the network around it. `reserved`: nowhere a message
 * should go: link-local (cloud machines answer with their credentials there), unspecified (which systems take for
 * themselves), multicast, documentation, and ranges that wrap another address.
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'reserved';

const RANGES: Readonly<Record<Exclude<AddressKind, 'public'>, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
  reserved: [
    '0.0.0.0/8',
    '169.254.0.0/16',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/128',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/32',
    '2001:db8::/32',
    '2002::/16',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
};

const lists = Object.entries(RANGES).map(([kind, ranges]) => {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix = ''] = range.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return { kind: kind as AddressKind, list };
});

/**
 * The kind of an address of either family; an IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`) is what it wraps.
 * Anything that is no address is `reserved`.
 * @example addressKind('127.0.0.1') // 'loopback'
 */
export function addressKind(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0) return 'reserved';
  return lists.find(({ list }) => list.check(address, family === 6 ? 'ipv6' : 'ipv4'))?.kind ?? 'public';
}
