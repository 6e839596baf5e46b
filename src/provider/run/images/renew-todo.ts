// A template that nobody has finished, and somebody who asks for it anew: he may have mended its URL, or named the format.
import { formatImageTodo, readImageTodo, withoutImageTodo } from '#claim/image-todo';
import { describeWithClaim } from '#claim/record';
import { putConfig } from '#pve/qemu/config';
import type { VmAt } from '#pve/qemu/vm';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../../context.ts';
import type { CreateOrder } from '../../create-order.ts';
import type { OwnReading } from '../../observe/own-vm.ts';

/**
 * What is asked for takes the place of what the description keeps, so that everybody goes on with the same. Where file and
 * disk go stays as it was decided.
 * @returns whether it had to be written
 */
export async function renewTodo(
  ctx: Context,
  order: CreateOrder,
  vm: VmAt,
  { claim, config, text }: OwnReading,
  call: Deadline,
): Promise<boolean> {
  const asked = order.image;
  // One that comes from the description itself is asked for by nobody.
  if (asked === undefined || asked.place !== undefined) return false;
  const kept = readImageTodo(config.values['description'], claim.incarnation);
  if (kept === undefined || (kept.url === asked.url && kept.formats.join() === asked.formats.join())) return false;
  const todo = formatImageTodo({ ...kept, url: asked.url, formats: asked.formats });
  const description = describeWithClaim(withoutImageTodo(text), claim, 'refuse', todo);
  await putConfig(ctx.pve, vm, { digest: config.digest, set: { description } }, call);
  ctx.log.info('An unfinished template gets what was asked for last', { image: order.spec.name, ...vm });
  return true;
}
