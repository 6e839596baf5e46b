// A NIC's value: `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=20` (pve-behaviour 21).
import { words } from './words.ts';
import { formatProperties, normaliseBoolean, type Properties, parseProperties } from './property-string.ts';

export const NIC_MODELS = words(
  'e1000 e1000-82540em e1000-82544gc e1000-82545em e1000e i82551 i82557b i82559er ne2k_isa ne2k_pci',
  'pcnet rtl8139 virtio vmxnet3',
);

export interface Nic {
  readonly model: string;
  /** As given; PVE keeps the case. */
  readonly mac: string | undefined;
  /** bridge, tag, firewall and so on, as text. */
  readonly options: Properties;
}

export function parseNic(text: string): Nic {
  const properties = parseProperties(text, 'model');
  const keyed = NIC_MODELS.find((model) => properties[model] !== undefined);
  const { model: plainModel, macaddr, ...rest } = properties;
  const model = keyed ?? plainModel ?? '';
  const mac = keyed === undefined ? macaddr : properties[keyed];
  const options = Object.fromEntries(
    Object.entries(rest)
      .filter(([key]) => key !== keyed)
      .map(([key, value]) => [key, key === 'firewall' || key === 'link_down' ? normaliseBoolean(value) : value]),
  );
  return { model, mac, options };
}

export function formatNic(nic: Nic): string {
  const first = nic.mac === undefined ? nic.model : `${nic.model}=${nic.mac}`;
  const { bridge, ...rest } = nic.options;
  const others = formatProperties(rest);
  return [first, ...(bridge === undefined ? [] : [`bridge=${bridge}`]), ...(others === '' ? [] : [others])].join(',');
}

export function isNicKey(key: string): boolean {
  return /^net\d+$/.test(key);
}
