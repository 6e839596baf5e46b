import type { Addressing } from './addressing.ts';

/** What a VMNetworkAttachment says of every NIC on it; `undefined` is not said. */
export interface Network extends Addressing {
  readonly bridge: string | undefined;
  /** 1 to 4094. */
  readonly vlan: number | undefined;
  readonly model: string | undefined;
  readonly mtu: number | undefined;
  /** Whether PVE's firewall looks at the NIC. */
  readonly firewall: boolean | undefined;
  /** MB a second. */
  readonly rateLimit: number | undefined;
}
