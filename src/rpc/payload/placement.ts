import { invalidSpec } from '#domain/fault';
import { NO_PLACEMENT, type PlacementSpec } from '#domain/vm-spec';
import { type JsonObject, readObject } from './json-object.ts';
import { text, textList, wholeNumber } from './values.ts';

// placement_json: where a VM may be. What vSphere alone has (StoragePod, Cluster, Folder) is refused, since it would be lost.

export function decodePlacement(value: unknown, path: string): PlacementSpec {
  return value === undefined || value === null ? NO_PLACEMENT : readObject(readPlacement)(value, path);
}

function readPlacement(object: JsonObject): PlacementSpec {
  refuse(object, 'StoragePod', 'Name a storage of PVE as Datastore');
  refuse(object, 'Cluster', 'One Provider is one PVE cluster: choose the Provider');
  refuse(object, 'Folder', 'Use Pool, or remove it');
  return {
    storage: object.get('Datastore', text),
    node: object.get('Host', text, { node: text, Node: text }),
    nodes: object.get('Nodes', textList) ?? [],
    avoidIds: object.get('AvoidIDs', textList) ?? [],
    maxVmsPerNode: object.get('MaxVMsPerNode', wholeNumber(1)),
    minFreeMemoryMib: object.get('MinFreeMemoryMiB', wholeNumber(1)),
    pool: object.get('Pool', text),
  };
}

function refuse(object: JsonObject, key: string, remedy: string): void {
  const value = object.get(key, text);
  if (value === undefined) return;
  throw invalidSpec(object.at(key), `"${value}" has no meaning on Proxmox VE`, remedy);
}

/** `placement_json` in Go's shape with our extra keys; undefined if it would say nothing. */
export function encodePlacement(placement: PlacementSpec): Record<string, unknown> | undefined {
  const extra = {
    Nodes: placement.nodes.length === 0 ? undefined : placement.nodes,
    AvoidIDs: placement.avoidIds.length === 0 ? undefined : placement.avoidIds,
    MaxVMsPerNode: placement.maxVmsPerNode,
    MinFreeMemoryMiB: placement.minFreeMemoryMib,
    Pool: placement.pool,
  };
  const go = {
    Datastore: placement.storage ?? '',
    StoragePod: '',
    Cluster: '',
    Folder: '',
    Host: placement.node ?? '',
  };
  const says = [...Object.values(extra), ...Object.values(go)].some((value) => value !== undefined && value !== '');
  return says ? { ...go, ...extra } : undefined;
}
