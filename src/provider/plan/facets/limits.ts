import { Fault, invalidSpec } from '#domain/fault';
import { type Facet, optionChanges } from '../facet.ts';
import type { Wish } from '../wish.ts';

const LIMITS = 'class_json.ResourceLimits';

/** PVE's limit of `cpulimit`, in CPUs. */
const MOST_CPUS = 128;
/** What the control groups of every host take; PVE cuts to it without a word (pve-behaviour 21). */
const SHARES = { least: 2, most: 10_000 };

/** How much of the node's CPUs a VM gets: at most, and in relation to others. */
export const limits: Facet = {
  name: 'limits',
  live: [{ change: 'CPU limit and CPU shares', live: 'hot' }],
  diff: (wish, have) => {
    const { cpuShares } = wish.spec.size.limits;
    const cpulimit = cpuLimit(wish);
    return optionChanges(have, {
      ...(cpulimit === undefined ? {} : { cpulimit }),
      ...(cpuShares === undefined ? {} : { cpuunits: shares(cpuShares) }),
    });
  },
};

/** MHz become CPUs of the node, to a hundredth. */
function cpuLimit({ spec, site }: Wish): string | undefined {
  const mhz = spec.size.limits.cpuLimitMhz;
  if (mhz === undefined) return undefined;
  const perCpu = site.host.cpuMhz;
  if (perCpu === undefined) {
    throw new Fault('precondition', {
      subject: `${LIMITS}.CPULimit`,
      why: 'PVE limits a VM to so many CPUs, and does not tell us how many MHz a CPU of the node has',
      remedy: 'Grant us Sys.Audit on the node, or give the CPUs as ExtraConfig cpulimit',
    });
  }
  const cpus = Math.min(MOST_CPUS, Math.max(0.01, Math.round((mhz / perCpu) * 100) / 100));
  return String(cpus);
}

function shares(wanted: number): string {
  if (wanted >= SHARES.least && wanted <= SHARES.most) return String(wanted);
  throw invalidSpec(
    `${LIMITS}.CPUShares`,
    `${wanted} is out of range`,
    `Use ${SHARES.least} to ${SHARES.most}; a VM that says nothing has 100`,
  );
}
