import {
  canonicalFlags,
  formatProperties,
  parseFlag,
  parseProperties,
  type Properties,
  restOf,
} from './property-string.ts';

/** A network card, `netN` (pve-behaviour 21). */
export interface Net {
  readonly model: string;
  /** As stored. Without one PVE makes a new one, also on an update: keep it. */
  readonly mac?: string | undefined;
  readonly bridge?: string | undefined;
  /** VLAN, 1 to 4094. */
  readonly tag?: number | undefined;
  readonly firewall?: boolean | undefined;
  readonly linkDown?: boolean | undefined;
  /** `mtu`, `queues`, `rate`, `trunks` and whatever else there is, as stored. */
  readonly rest?: Properties | undefined;
}

export const NET_MODELS: readonly string[] = [
  'e1000',
  'e1000-82540em',
  'e1000-82544gc',
  'e1000-82545em',
  'e1000e',
  'i82551',
  'i82557b',
  'i82559er',
  'ne2k_isa',
  'ne2k_pci',
  'pcnet',
  'rtl8139',
  'virtio',
  'vmxnet3',
];

const MAC = /^[a-f0-9][02468ace](:[a-f0-9]{2}){5}$/i;
const KNOWN = ['model', 'macaddr', 'bridge', 'tag', 'firewall', 'link_down'];

/** Both spellings, `virtio=MAC,...` and `model=virtio,macaddr=MAC,...`; undefined where PVE would refuse it. */
export function parseNet(text: string): Net | undefined {
  const parsed = parseProperties(text, 'model');
  const spelt = parsed === undefined ? undefined : canonicalFlags(spellOut(parsed), ['firewall', 'link_down']);
  const model = spelt?.['model'];
  if (spelt === undefined || model === undefined || !NET_MODELS.includes(model)) return undefined;
  const { macaddr: mac, bridge, tag } = spelt;
  if (mac !== undefined && !MAC.test(mac)) return undefined;
  if (tag !== undefined && !(/^\d+$/.test(tag) && Number(tag) >= 1 && Number(tag) <= 4094)) return undefined;
  return {
    model,
    mac,
    bridge,
    tag: tag === undefined ? undefined : Number(tag),
    firewall: parseFlag(spelt['firewall']),
    linkDown: parseFlag(spelt['link_down']),
    rest: restOf(spelt, KNOWN),
  };
}

/** `virtio=MAC` is short for model and macaddr. */
function spellOut(properties: Properties): Properties {
  const short = NET_MODELS.find((model) => Object.hasOwn(properties, model));
  if (short === undefined) return properties;
  return { ...restOf(properties, [short]), model: short, macaddr: properties[short] ?? '' };
}

export function formatNet(net: Net): string {
  const head = net.mac === undefined ? net.model : `${net.model}=${net.mac}`;
  const { bridge, tag, firewall, rest } = net;
  const options = formatProperties({ ...rest, bridge, tag, firewall, link_down: net.linkDown });
  return options === '' ? head : `${head},${options}`;
}
