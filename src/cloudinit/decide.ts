import { invalidSpec } from '#domain/fault';

/** Setting `PVE_CLOUDINIT`. */
export type CloudInitSetting = 'auto' | 'native' | 'iso';

/** `native`: PVE's own drive and fields. `iso`: a NoCloud image of ours. */
export type Delivery = 'native' | 'iso';

export interface SeedDocuments {
  readonly userData: Uint8Array | undefined;
  readonly metaData: Uint8Array | undefined;
}

/**
 * How cloud-init reaches a guest. PVE's fields cannot carry documents, so these always ask for an ISO.
 * Throws `invalid-spec` where documents are given and the setting forbids one: nothing is dropped silently.
 */
export function decideDelivery(setting: CloudInitSetting, documents: SeedDocuments): Delivery {
  const field = documentField(documents);
  if (setting === 'iso' || (setting === 'auto' && field !== undefined)) return 'iso';
  if (field === undefined) return 'native';
  throw invalidSpec(
    field,
    "PVE_CLOUDINIT=native allows PVE's own cloud-init fields only, and these cannot carry it",
    'Set PVE_CLOUDINIT=auto, or leave it out of the VirtualMachine',
  );
}

function documentField(documents: SeedDocuments): string | undefined {
  if (isGiven(documents.userData)) return 'user_data';
  return isGiven(documents.metaData) ? 'meta_data' : undefined;
}

function isGiven(document: Uint8Array | undefined): boolean {
  return document !== undefined && document.length > 0;
}
