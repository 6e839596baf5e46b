// `kubectl vm ip`, `console` and `why`: what is known of a VM.
import { Fault } from '#domain/fault';
import { EVENTS } from '#kube/resource';
import type { Connected } from './connection.ts';
import { readFields } from './fields.ts';
import { findVm } from './find-vm.ts';
import { tellStory } from './story.ts';

/** An address a line. Throws `precondition` where there is none. */
export async function addressesOf(connected: Connected, name: string): Promise<string> {
  const vm = readFields(await findVm(connected, name));
  const ips = vm.texts('status', 'ips');
  if (ips.length > 0) return ips.map((ip) => `${ip}\n`).join('');
  const isOn = vm.text('status', 'powerState') === 'On';
  const why = isOn ? 'its guest agent has told no address yet' : 'it is not running';
  throw new Fault('precondition', {
    subject: `VirtualMachine ${name}`,
    why,
    remedy: `Look with: kubectl vm why ${name}`,
  });
}

/** Its URL. Throws `precondition` where there is none yet. */
export async function consoleOf(connected: Connected, name: string): Promise<string> {
  const url = readFields(await findVm(connected, name)).text('status', 'consoleURL');
  if (url !== undefined) return `${url}\n`;
  throw new Fault('precondition', { subject: `VirtualMachine ${name}`, why: 'it is not there yet' });
}

export async function storyOf(connected: Connected, name: string, nowMs: number): Promise<string> {
  const vm = await findVm(connected, name);
  const selection = { fieldSelector: `involvedObject.uid=${vm.metadata.uid}` };
  const { items } = await connected.api.list(EVENTS, connected.namespace, selection);
  return tellStory({ vm: readFields(vm), events: items.map(readFields), nowMs });
}
