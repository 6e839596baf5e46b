// `/cluster/ha/status`: quorum, fencing, and what the managers have written down (recordings two-node/01, 08 and 12).
import { localTime } from '../local-time.ts';
import { isQuorate } from '../nodes/membership.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Sim } from '../sim.ts';
import { shownOptions } from '../world/section-config.ts';
import type { World } from '../world/world.ts';
import { guestOfSid } from './ha-config.ts';
import { resourceOptions } from './ha-options.ts';
import type { Lrm } from './manager-status.ts';

type Row = Record<string, unknown>;

/** The state the master has a service in; null where none has looked at it. */
export function crmState({ ha }: World, sid: string): string | null {
  return ha.status.services[sid]?.state ?? null;
}

export function haStatus(sim: Sim, node: string, profile: Profile): Row[] {
  return [
    quorum(sim.world, node),
    ...(profile.has('haFencingStatus') ? [fencing(sim.world, node)] : []),
    ...master(sim),
    ...lrms(sim, profile),
    ...services(sim.world, profile),
  ];
}

/** `GET .../manager_status`: the files as they are. */
export function managerStatus(sim: Sim, node: string): Row {
  const { status } = sim.world.ha;
  const asked = { node, quorate: isQuorate(sim.world, node) ? '1' : '0' };
  if (status.master === undefined) return { manager_status: { node_status: {} }, quorum: asked };
  return {
    manager_status: {
      master_node: status.master,
      node_status: Object.fromEntries(Object.entries(status.nodes).map(([name, { state }]) => [name, state])),
      service_status: Object.fromEntries(
        Object.entries(status.services).map(([sid, { node: where, state, running, target }]) => [
          sid,
          { node: where, state, ...(running ? { running: 1 } : {}), ...(target === undefined ? {} : { target }) },
        ]),
      ),
      timestamp: seconds(status.at),
    },
    lrm_status: Object.fromEntries(
      Object.entries(status.lrms).map(([name, { told, toldAt }]) => [
        name,
        { mode: 'active', results: {}, state: told, timestamp: seconds(toldAt) },
      ]),
    ),
    quorum: asked,
  };
}

function quorum(world: World, node: string): Row {
  const quorate = isQuorate(world, node);
  const status = quorate ? 'OK' : `No quorum on node '${node}'!`;
  return { id: 'quorum', type: 'quorum', node, status, quorate: quorate ? 1 : 0 };
}

function fencing({ ha }: World, node: string): Row {
  const { master: active } = ha.status;
  return active === undefined
    ? { id: 'fencing', type: 'fencing', node, status: 'standby (CRM watchdog standby)', 'armed-state': 'standby' }
    : { id: 'fencing', type: 'fencing', node: active, status: 'armed (CRM watchdog active)', 'armed-state': 'armed' };
}

function master({ world, clock }: Sim): Row[] {
  const { master: node, at } = world.ha.status;
  if (node === undefined) return [];
  const status = `${node} (${isOld(at, clock.now()) ? OLD : 'active'}, ${localTime(at)})`;
  return [{ id: 'master', type: 'master', node, status, timestamp: seconds(at) }];
}

function lrms({ world, clock }: Sim, profile: Profile): Row[] {
  return Object.entries(world.ha.status.lrms).map(([node, lrm]) => {
    const state = isOld(lrm.toldAt, clock.now()) ? OLD : shownLrm(world, node, lrm);
    const watchdog = profile.has('haFencingStatus') ? `watchdog ${watchdogOf(lrm)}, ` : '';
    const status = `${node} (${state}, ${watchdog}${localTime(lrm.toldAt)})`;
    return { id: `lrm:${node}`, type: 'lrm', node, status, timestamp: seconds(lrm.toldAt) };
  });
}

/** One that waits for nothing is idle. */
function shownLrm({ ha }: World, name: string, { told }: Lrm): string {
  const hasServices = Object.values(ha.status.services).some(({ node }) => node === name);
  return told === 'active' || hasServices ? told : 'idle';
}

function watchdogOf({ told }: Lrm): string {
  return told === 'active' ? 'active' : 'standby';
}

const OLD = 'old timestamp - dead?';
const OLD_MS = 30_000;

function isOld(at: number, now: number): boolean {
  return now - at > OLD_MS;
}

/** Resources, and services that are none any more. */
function services(world: World, profile: Profile): Row[] {
  const { resources, status } = world.ha;
  const sids = new Set([...Object.keys(resources), ...Object.keys(status.services)]);
  return [...sids].map((sid) => {
    const service = status.services[sid];
    const node = service?.node ?? guestOfSid(world, sid)?.node ?? '';
    const state = shownState(world, sid);
    return {
      ...configured(world, sid, profile),
      id: `service:${sid}`,
      type: 'service',
      sid,
      node,
      state,
      ...(service === undefined ? {} : { crm_state: service.state }),
      status: `${sid} (${node}, ${state})`,
    };
  });
}

function configured({ ha }: World, sid: string, profile: Profile): Row {
  const options = ha.resources[sid]?.options;
  if (options === undefined) return {};
  const { state = 'started', ...rest } = options;
  return {
    max_relocate: 1,
    max_restart: 1,
    ...(profile.has('haRules') ? { failback: 1 } : {}),
    ...shownOptions(rest, resourceOptions(profile)),
    request_state: state === 'enabled' ? 'started' : state,
  };
}

/** Between what is and what is wanted, for people. */
function shownState({ ha }: World, sid: string): string {
  const [resource, service] = [ha.resources[sid], ha.status.services[sid]];
  if (resource === undefined) return 'deleting';
  const wanted = resource.options['state'] ?? 'started';
  if (wanted === 'ignored') return 'ignored';
  if (service === undefined) return 'queued';
  const isUnwanted = wanted === 'stopped' || wanted === 'disabled';
  switch (service.state) {
    case 'stopped':
      if (wanted === 'disabled') return 'disabled';
      return isUnwanted ? 'stopped' : 'starting';
    case 'started':
      if (isUnwanted) return 'stopping';
      return service.running ? 'started' : 'starting';
    case 'error':
      return wanted === 'disabled' ? 'clearing error flag' : 'error';
    default:
      return service.state;
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
