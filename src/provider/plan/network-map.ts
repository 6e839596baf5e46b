/** Bridges by network name. */
export type NetworkMap = Readonly<Record<string, string>>;

export const defaultNetworkMap: NetworkMap = {
  lan: 'vmbr0',
  default: 'vmbr0',
  dmz: 'vmbr1',
  mgmt: 'vmbr2',
  management: 'vmbr2',
};

/** `lan=vmbr0,dmz=vmbr1`; throws an Error saying what is wrong with it. */
export function parseNetworkMap(text: string): NetworkMap {
  const pairs = text.split(',').map((pair) => pair.trim());
  return Object.fromEntries(
    pairs.map((pair) => {
      const match = /^([^=\s]+)\s*=\s*([-_.\w]+)$/.exec(pair);
      if (match === null) throw new Error(`"${pair}" is not a pair such as lan=vmbr0`);
      return [match[1] ?? '', match[2] ?? ''];
    }),
  );
}
