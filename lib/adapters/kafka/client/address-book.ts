/** Remembers which brokers' addresses worked for this process, so that a new client starts with one that does. */
export interface AddressBook {
  /**
   * Returns the address that a client begins with: a random one of those that have not failed since they last worked,
   * or else the one that failed longest ago.
   * @param addresses at least one, as the config has them
   */
  choose(addresses: readonly string[]): string;
  served(address: string): void;
  lost(address: string): void;
  hasServed(address: string): boolean;
  /** Returns the addresses that failed and have not worked since. */
  lostOf(addresses: readonly string[]): string[];
}

interface Known {
  /** Values of a counter that increases with every report; 0 for never. */
  served: number;
  lost: number;
}

/** Bounded, because brokers may get a new address with each restart. */
const KEPT = 1_000;

/** @param random in [0, 1) */
export function createAddressBook(random: () => number): AddressBook {
  const known = new Map<string, Known>();
  let turn = 0;

  const note = (address: string, what: keyof Known): void => {
    const entry = known.get(address) ?? { served: 0, lost: 0 };
    turn += 1;
    entry[what] = turn;
    known.set(address, entry);
    const [oldest] = known.keys();
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
  };
  const lostAt = (address: string): number => {
    const entry = known.get(address);
    return entry === undefined || entry.served > entry.lost ? 0 : entry.lost;
  };

  return {
    choose(addresses) {
      const well = addresses.filter((address) => lostAt(address) === 0);
      const [first = ""] = addresses.toSorted((a, b) => lostAt(a) - lostAt(b));
      return well[Math.floor(random() * well.length)] ?? first;
    },
    served: (address) => note(address, "served"),
    lost: (address) => note(address, "lost"),
    hasServed: (address) => (known.get(address)?.served ?? 0) > 0,
    lostOf: (addresses) => addresses.filter((address) => lostAt(address) > 0),
  };
}
