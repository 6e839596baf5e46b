// Where a service may run: the node with the highest priority of its group (8.x) or its node affinity rule (9.x), and of
// those the one with the fewest services.
import { isQuorate } from '../nodes/membership.ts';
import { splitList } from '../world/lists.ts';
import type { World } from '../world/world.ts';

interface Wish {
  /** By node. */
  readonly priorities: Readonly<Record<string, number>>;
  /** True: no other node will do. */
  readonly strict: boolean;
  readonly failsBack: boolean;
}

/** @returns the node to run on, the present one where nothing speaks against it, or undefined where none will do */
export function selectNode(
  world: World,
  sid: string,
  current: string,
  except: readonly string[] = [],
): string | undefined {
  const usable = onlineNodes(world).filter((name) => !except.includes(name));
  const wish = wishOf(world, sid);
  const wished = usable.filter((name) => wish?.priorities[name] !== undefined);
  const choice = wish === undefined || (wished.length === 0 && !wish.strict) ? usable : wished;
  const highest = Math.max(...choice.map((name) => wish?.priorities[name] ?? 0));
  const best = choice.filter((name) => (wish?.priorities[name] ?? 0) === highest);
  const stays = best.includes(current) || (wish?.failsBack === false && choice.includes(current));
  if (stays) return current;
  return best.toSorted((a, b) => load(world, a) - load(world, b) || (a < b ? -1 : 1))[0];
}

/** Nodes whose managers work. */
export function onlineNodes({ ha }: World): string[] {
  return Object.entries(ha.status.nodes).flatMap(([name, { state }]) => (state === 'online' ? [name] : []));
}

export function canManage(world: World, name: string): boolean {
  return world.ha.managers.includes(name) && world.nodes[name]?.online === true && isQuorate(world, name);
}

function load({ ha }: World, name: string): number {
  return Object.values(ha.status.services).filter(({ node }) => node === name).length;
}

function wishOf({ ha }: World, sid: string): Wish | undefined {
  const options = ha.resources[sid]?.options ?? {};
  const group = ha.groups[options['group'] ?? '']?.options;
  if (group !== undefined) {
    return {
      priorities: parsePriorities(group['nodes']),
      strict: group['restricted'] === '1',
      failsBack: group['nofailback'] !== '1',
    };
  }
  const rule = Object.values(ha.rules).find(
    ({ type, options: said }) =>
      type === 'node-affinity' && said['disable'] !== '1' && splitList(said['resources'] ?? '').includes(sid),
  )?.options;
  if (rule === undefined) return undefined;
  return {
    priorities: parsePriorities(rule['nodes']),
    strict: rule['strict'] === '1',
    failsBack: options['failback'] !== '0',
  };
}

/** `pve1:2,pve2` */
function parsePriorities(list = ''): Record<string, number> {
  return Object.fromEntries(
    splitList(list).map((entry) => {
      const [name = '', priority = '0'] = entry.split(':');
      return [name, Number(priority)];
    }),
  );
}
