// What the provider tells of a VM beyond its contract: texts by PVE's keys, some of which are JSON themselves.
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { DescribeResponse } from '#rpc/contract';

export type Raw = Readonly<Record<string, string>>;

/** Nothing where it cannot be read: a provider that is not ours may tell what it likes. */
export function rawOf({ providerRawJson }: Pick<DescribeResponse, 'providerRawJson'>): Raw {
  const raw = parsed(providerRawJson);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return {};
  const entries = Object.entries(raw as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

interface SnapshotWords {
  readonly name: string;
  readonly time?: string;
  readonly memory?: boolean;
  readonly description?: string;
}

/** Undefined where it tells none in our words. */
export function snapshotsOf({ snapshots = '' }: Raw): VirtualMachineStatus['snapshots'] {
  const told = parsed(snapshots);
  if (!Array.isArray(told)) return undefined;
  return (told as SnapshotWords[]).flatMap(({ name, time, memory, description }) =>
    time === undefined
      ? []
      : [
          {
            id: name,
            name,
            creationTime: time,
            hasMemory: memory === true,
            ...(description === undefined ? {} : { description }),
          },
        ],
  );
}
