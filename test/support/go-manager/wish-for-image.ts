// Two VMs that wait for one image of the web, and what has to be so once the manager takes it for prepared.
import { readClaim } from '#claim/record';
import type { Flow } from '../flow.ts';
import { prepareRequest } from '../web-images.ts';
import type { Wish } from './deaths.ts';
import type { VmImageSpec } from './vm-image.ts';

let images = 0;

/** Two VMs that wait for one image of the web; done when the manager takes it for prepared. The web is `addImages`. */
export function wishForImage(flow: Flow): Wish {
  images += 1;
  const name = `image-${images}`;
  const spec = JSON.parse(prepareRequest(name).imageJson) as VmImageSpec;
  const before = { guests: new Set(Object.keys(flow.sim.world.guests)), volumes: Object.keys(flow.sim.world.volumes) };
  return {
    known: {},
    ask: (manager) => {
      manager.image(name, spec);
      for (const index of [1, 2]) manager.apply(`of-${name}-${index}`, { imageRef: name, powerState: 'Off' });
    },
    isDone: ({ images: all }) => all.get(name)?.status.available === true,
    hasGivenUp: () => false,
    askAgain: async () => await Promise.resolve(),
    flaw: () => flawOfImage(flow, name, before),
  };
}

function flawOfImage(
  { sim }: Flow,
  name: string,
  before: { readonly guests: ReadonlySet<string>; readonly volumes: readonly string[] },
): string | undefined {
  const made = Object.entries(sim.world.guests).flatMap(([vmid, guest]) => {
    const reading = readClaim(guest.config['description']);
    const isImage = reading.kind === 'claim' && reading.claim.kind === 'image';
    return !before.guests.has(vmid) && isImage ? [{ ...guest, claim: reading.claim }] : [];
  });
  const [template] = made;
  if (template === undefined || made.length !== 1) return `templates ${made.map(({ vmid }) => vmid).join(', ')}`;
  const { config, claim, vmid } = template;
  const after = Object.entries(sim.world.volumes);
  const own = after.filter(([, volume]) => volume.vmid === vmid).map(([, { volid }]) => volid);
  const fetched = after.filter(([key, { content }]) => content === 'import' && !before.volumes.includes(key));
  const isWhole =
    claim.state === 'ready' &&
    config['name'] === name &&
    config['template'] === '1' &&
    config['lock'] === undefined &&
    own.toSorted().join() === `local-lvm:base-${vmid}-disk-0,local-lvm:vm-${vmid}-cloudinit` &&
    fetched.length === 0;
  return isWhole ? undefined : JSON.stringify({ config, own, fetched: fetched.map(([key]) => key) });
}
