import type { VmAt } from '#pve/qemu/vm';
import type { Context } from '../context.ts';

/** Where a browser shows the VM's screen. */
export function consoleUrl(ctx: Context, vm: VmAt): string {
  const { origin, prefix } = ctx.pve.endpoint;
  const base = ctx.settings.consoleUrl === '' ? `${origin}${prefix}` : ctx.settings.consoleUrl.replace(/\/+$/, '');
  return `${base}/?console=kvm&novnc=1&vmid=${vm.vmid}&node=${encodeURIComponent(vm.node)}`;
}
