// Which PVE a Provider reaches. Its manifest may be changed, or deleted and written anew under the same name: what the PVE
// behind it has not got may be in the one that was behind it before.

/** Whether both name one cluster: they have an endpoint in common. What nobody has noted is taken for the same. */
export function isSamePlace(noted: string | undefined, now: string | undefined): boolean {
  if (noted === undefined) return true;
  const there = endpointsIn(now);
  return endpointsIn(noted).some((endpoint) => there.includes(endpoint));
}

function endpointsIn(text: string | undefined): readonly string[] {
  const all = (text ?? '').split(',').map((endpoint) => endpoint.trim().replace(/\/+$/, '').toLowerCase());
  return all.filter((endpoint) => endpoint !== '');
}

/** The part of a sentence that says where it is and where we are. */
export function placeWords(noted: string | undefined, now: string | undefined): string {
  return `was seen at ${noted}, and the Provider reaches ${now ?? 'nobody knows which PVE'} now`;
}
