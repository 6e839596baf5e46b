// What a later manifest says and nothing comes of, since it is decided when a VM is made: told, never dropped silently.
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome } from '../work/outcome.ts';
import type { Bound } from './bound.ts';
import { isMade, statusOf, vmTitle } from './status.ts';
import { wishOf } from './wish.ts';

/** After what there is has been looked at. */
export async function tellUnapplied(visit: Visit): Promise<Outcome> {
  tellOfImage(visit);
  tellOfHost(visit);
  return await Promise.resolve(DONE);
}

function tellOfImage(visit: Visit): void {
  const { bound = {} } = statusOf(visit);
  const madeFrom = sourceOf(bound, visit);
  const said = sourceOf(visit.object['spec'] ?? {}, visit);
  const isOther = isMade(visit) && madeFrom !== undefined && said !== undefined && said !== madeFrom;
  const message = `${vmTitle(visit)} was made from ${madeFrom}, and stays so. Another image takes another VirtualMachine.`;
  condition(visit, isOther, 'ImageApplied', 'MadeFromAnother', message);
}

/** In words; undefined where it names none. */
function sourceOf({ imageRef, importedDisk }: Bound, { object }: Visit): string | undefined {
  if (imageRef !== undefined) return `VMImage ${refText(imageRef, object.metadata.namespace)}`;
  return importedDisk === undefined ? undefined : `the imported disk ${importedDisk.path ?? importedDisk.diskID}`;
}

type Reference = NonNullable<Bound['imageRef']>;

function refText({ name, namespace }: Reference, own: string | undefined): string {
  return namespace === undefined || namespace === own ? name : `${namespace}/${name}`;
}

/** A VM that somebody has moved, or whose manifest names another node by now. */
function tellOfHost(visit: Visit): void {
  const { node: wanted } = wishOf(visit).vm.placement;
  const node = statusOf(visit).provider?.['node'];
  const isElsewhere = wanted !== undefined && node !== undefined && node !== wanted;
  const message = `${vmTitle(visit)} is on ${node}, and is not moved to ${wanted}, which spec.placement.host names.`;
  condition(visit, isElsewhere, 'PlacementApplied', 'OnAnotherNode', message);
}

/** @param digest of user and meta data by now, which includes what their Secrets have */
export function tellOfDocuments(visit: Visit, digest: string): void {
  const status = statusOf(visit);
  status.documentsDigest ??= digest;
  const message = `${vmTitle(visit)} was made with other user data, which a guest reads once, at its first boot.`;
  condition(visit, status.documentsDigest !== digest, 'UserDataApplied', 'ReadAtFirstBoot', message);
}

function condition(visit: Visit, holds: boolean, type: string, reason: string, message: string): void {
  if (!holds) return visit.status.removeCondition(type);
  if (visit.status.condition(type)?.message !== message) visit.tell('Warning', reason, message);
  visit.status.setCondition(type, 'False', reason, message);
}
