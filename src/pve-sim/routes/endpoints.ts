// Everything the simulator plays, one list per area.
import type { Endpoint } from './endpoint.ts';
import { ACCESS } from './access.ts';
import { ACCESS_ACL } from './access-acl.ts';
import { ACCESS_GROUPS } from './access-groups.ts';
import { ACCESS_ROLES } from './access-roles.ts';
import { ACCESS_TFA } from './access-tfa.ts';
import { ACCESS_TOKENS } from './access-tokens.ts';
import { ACCESS_USERS } from './access-users.ts';
import { CAPABILITIES } from './capabilities.ts';
import { CLUSTER } from './cluster.ts';
import { CLUSTER_CONFIG } from './cluster-config.ts';
import { CLUSTER_OPTIONS } from './cluster-options.ts';
import { HA } from './ha.ts';
import { HA_GROUPS } from './ha-groups.ts';
import { HA_RULES } from './ha-rules.ts';
import { IMPORT_METADATA } from './import-metadata.ts';
import { INDEX_ENDPOINTS } from './indexes.ts';
import { LXC } from './lxc.ts';
import { NODE_NETWORK } from './node-network.ts';
import { NODES } from './nodes.ts';
import { NODE_FACTS } from './node-facts.ts';
import { POOLS } from './pools.ts';
import { QEMU_AGENT } from './qemu-agent.ts';
import { QEMU_CLOUDINIT } from './qemu-cloudinit.ts';
import { QEMU_CONSOLE } from './qemu-console.ts';
import { QEMU_FIREWALL } from './qemu-firewall.ts';
import { QEMU_MIGRATE } from './qemu-migrate.ts';
import { QEMU_CONFIG } from './qemu-config.ts';
import { QEMU_MISC } from './qemu-misc.ts';
import { QEMU_POWER } from './qemu-power.ts';
import { QEMU_READ } from './qemu-read.ts';
import { QEMU_SNAPSHOT } from './qemu-snapshot.ts';
import { QEMU_WRITE } from './qemu-write.ts';
import { SDN } from './sdn.ts';
import { STORAGE } from './storage.ts';
import { STORAGE_CONFIG } from './storage-config.ts';
import { STORAGE_CONTENT } from './storage-content.ts';
import { STORAGE_FILES } from './storage-files.ts';
import { TASKS } from './tasks.ts';

export const ENDPOINTS: readonly Endpoint[] = [
  ...CLUSTER,
  ...CLUSTER_CONFIG,
  ...CLUSTER_OPTIONS,
  ...NODES,
  ...NODE_NETWORK,
  ...NODE_FACTS,
  ...CAPABILITIES,
  ...LXC,
  ...TASKS,
  ...QEMU_READ,
  ...QEMU_AGENT,
  ...QEMU_CONSOLE,
  ...QEMU_FIREWALL,
  ...QEMU_WRITE,
  ...QEMU_CONFIG,
  ...QEMU_POWER,
  ...QEMU_SNAPSHOT,
  ...QEMU_MISC,
  ...QEMU_CLOUDINIT,
  ...QEMU_MIGRATE,
  ...SDN,
  ...STORAGE,
  ...STORAGE_CONFIG,
  ...STORAGE_CONTENT,
  ...IMPORT_METADATA,
  ...STORAGE_FILES,
  ...POOLS,
  ...HA,
  ...HA_GROUPS,
  ...HA_RULES,
  ...ACCESS,
  ...ACCESS_ACL,
  ...ACCESS_GROUPS,
  ...ACCESS_ROLES,
  ...ACCESS_TFA,
  ...ACCESS_TOKENS,
  ...ACCESS_USERS,
  ...INDEX_ENDPOINTS,
];
