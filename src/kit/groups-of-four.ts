/**
 * An address as a person compares it with another one.
 * @example inGroupsOfFour('4Nd1mBQtrMJV') // '4Nd1 mBQt rMJV'
 */
export function inGroupsOfFour(address: string): string {
  return (address.match(/.{1,4}/gsu) ?? []).join(' ');
}
