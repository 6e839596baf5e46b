// The request for a copy.
import { sshKeyLines, userDataBytes } from '#crd/guest-documents';
import { findAmong } from '#crd/referred';
import { normaliseClass } from '#crd/vm-class/normalise';
import { normalisePlacementPolicy } from '#crd/vm-placement-policy/normalise';
import { NO_PLACEMENT, type PlacementSpec } from '#domain/vm-spec';
import type { CloneRequest } from '#rpc/contract';
import { encodeClone } from '#rpc/payload/encode-clone';
import type { Visit } from '../work/controller.ts';
import { referencesOf } from './references.ts';
import { sourceOf } from './source.ts';
import { wishOf } from './wish.ts';

/** Throws `invalid-spec` where an object is wrong, or has gone meanwhile. */
export function cloneRequest(visit: Visit): CloneRequest {
  const { target, linked, customization } = wishOf(visit);
  const { vmClass, secrets } = referencesOf(visit);
  const { id, snapshot } = sourceOf(visit);
  const find = findAmong(secrets);
  const path = `VMClone ${visit.object.metadata.name}: spec.customization.userData`;
  return encodeClone({
    source: id,
    snapshot,
    targetName: target.name,
    linked,
    size: vmClass === undefined ? undefined : normaliseClass(vmClass),
    placement: placementOf(visit),
    customization,
    userData: userDataBytes(customization.userData, find, `${path}.cloudInit`),
    sshKeys: sshKeyLines(customization.sshKeys, find, `${path}.sshKeys`),
  });
}

/** A policy says on which nodes it may be. Its storage would make a full copy of a linked one: a clone stays at its source's. */
function placementOf(visit: Visit): PlacementSpec {
  const { policy } = referencesOf(visit);
  const { storage } = wishOf(visit);
  if (policy === undefined) return { ...NO_PLACEMENT, storage };
  const { nodes, pool } = normalisePlacementPolicy(policy);
  return { ...NO_PLACEMENT, storage, nodes, pool };
}
