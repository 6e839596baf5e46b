// The worker of a migration, in PVE's phases: look, lock and copy (1), move the memory of a running guest (2), hand the config
// over and clean up (3). States and log as in recordings two-node/07, 08 and 11.
import { withConfigLock } from '../locks/config-lock.ts';
import { reaches } from '../nodes/network.ts';
import { addressOf, quotedSshOptions } from '../nodes/ssh.ts';
import { freePid } from '../pids.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failureText } from '../process.ts';
import { failure } from '../pve-error.ts';
import { checkWritable } from '../qemu/config-file.ts';
import { memoryMib } from '../qemu/guest-status.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { MIB } from '../world/size.ts';
import { removeVolume } from '../world/volumes.ts';
import type { Guest, Volume } from '../world/world.ts';
import { copyToTarget, pointTo } from './copy-volumes.ts';
import { localResources } from './local-resources.ts';
import { type LocalVolume, scanLocalVolumes } from './local-volumes.ts';
import { duration, migrationLog, type MigrationLog } from './migration-log.ts';
import type { StorageMap } from './storage-map.ts';

export interface MigrationPlan {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  readonly target: string;
  readonly online: boolean;
  readonly withLocalDisks: boolean;
  readonly storages: StorageMap;
  readonly bytesPerSecond: number | undefined;
  /** Leaves devices of the host out of account. */
  readonly force: boolean;
}

interface Migration extends MigrationPlan {
  readonly sim: Sim;
  readonly worker: Worker;
  readonly log: MigrationLog;
  readonly guest: Guest;
  readonly running: boolean;
}

/** @returns the UPID */
export function forkMigration(sim: Sim, plan: MigrationPlan): string {
  const { node, vmid, user } = plan;
  return sim.tasks.fork({ node, type: 'qmigrate', id: String(vmid), user }, async (worker) => {
    const log = migrationLog(sim, worker);
    const startedAt = sim.clock.now();
    const took = (): string => duration(sim.clock.now() - startedAt);
    // The source's flock is held all the time, beside the lock in the config.
    const work = withConfigLock(sim, worker, { node, vmid }, async () => await migrate(sim, worker, plan, log));
    const ended = await work.catch((error: unknown) => {
      log.error(`migration aborted (duration ${took()}): ${failureText(error)}`);
      throw failure('migration aborted');
    });
    if (ended === 'ok') return log.info(`migration finished successfully (duration ${took()})`);
    log.error(`migration finished with problems (duration ${took()})`);
    throw failure('migration problems');
  });
}

async function migrate(sim: Sim, worker: Worker, plan: MigrationPlan, log: MigrationLog): Promise<'ok' | 'problems'> {
  const guest = await prepare(sim, worker, plan, log);
  const migration: Migration = { ...plan, sim, worker, log, guest, running: guest.run !== undefined };
  const copied = await phase1(migration);
  if (migration.running && !(await phase2(migration, copied))) return 'problems';
  await phase3(migration, copied);
  return 'ok';
}

/** Nothing is written yet. */
async function prepare(sim: Sim, worker: Worker, plan: MigrationPlan, log: MigrationLog): Promise<Guest> {
  const { node, vmid } = plan;
  const guest = requireQemu(sim.world, node, vmid);
  checkNoLock(guest);
  if (guest.run !== undefined && !plan.online) throw failure("can't migrate running VM without --online");
  const devices = localResources(guest.config);
  if (devices.length > 0 && (guest.run !== undefined || !plan.force)) {
    throw failure(`can't migrate VM which uses local devices: ${devices.join(', ')}`);
  }
  await greetTarget(sim, worker, plan, log);
  return guest;
}

async function greetTarget(
  sim: Sim,
  worker: Worker,
  { node, target }: MigrationPlan,
  log: MigrationLog,
): Promise<void> {
  const ip = addressOf(sim.world, target);
  if (reaches(sim.world, node, target)) return await worker.work(sim.durations.migrateGreetMs);
  log.info(`# /usr/bin/ssh -e none ${quotedSshOptions(sim.world, target)} root@${ip} /bin/true`);
  await worker.wait(sim.durations.deadNodeMs);
  log.info(`ssh: connect to host ${ip} port 22: No route to host`);
  throw failure("Can't connect to destination address using public key");
}

/** The lock, and offline volumes. @returns each volume and its copy */
async function phase1(migration: Migration): Promise<Map<LocalVolume, Volume>> {
  const { sim, worker, log, guest, node, vmid, target } = migration;
  const copied = new Map<LocalVolume, Volume>();
  try {
    log.info(`starting migration of VM ${vmid} to node '${target}' (${sim.world.nodes[target]?.ip ?? ''})`);
    checkWritable(sim, node, vmid);
    guest.config['lock'] = 'migrate';
    const volumes = scanLocalVolumes(sim, guest, migration, log.info);
    const cold = volumes.filter(({ use }) => !migration.running || use.unused || use.cloudInit);
    if (cold.length > 0) log.info('copying local disk images');
    for (const volume of cold) copied.set(volume, await copyToTarget(migration, volume));
    if (migration.running) await startOnTarget(migration);
    for (const volume of volumes) if (!copied.has(volume)) copied.set(volume, await copyToTarget(migration, volume));
    return copied;
  } catch (error) {
    log.error(failureText(error));
    log.info('aborting phase 1 - cleanup resources');
    await worker.cleanUp(sim.durations.migrateCleanupMs);
    undo(migration, copied);
    throw error;
  }
}

async function startOnTarget({ sim, worker, log, vmid, node, target }: Migration): Promise<void> {
  if (profileOfNode(sim.world, node).has('conntrackMigration')) {
    log.info('conntrack state migration not supported or disabled, active connections might get dropped');
  }
  log.info(`starting VM ${vmid} on remote node '${target}'`);
  await worker.work(sim.durations.startMs);
  log.info('start remote tunnel');
  log.info('ssh tunnel ver 1');
}

/** @returns false where the memory could not be moved: the guest runs on where it is */
async function phase2(migration: Migration, copied: ReadonlyMap<LocalVolume, Volume>): Promise<boolean> {
  const { sim, worker, log, guest } = migration;
  try {
    await moveMemory(migration);
    return true;
  } catch (error) {
    log.error(`online migrate failure - ${failureText(error)}`);
    log.info('aborting phase 2 - cleanup resources');
    await worker.cleanUp(sim.durations.migrateCleanupMs);
    if (guest.run?.qmpStatus === 'postmigrate') guest.run.qmpStatus = 'running';
    undo(migration, copied);
    return false;
  }
}

const MIGRATION_STEPS = 5;

async function moveMemory({ sim, worker, log, guest, vmid, node, target, bytesPerSecond }: Migration): Promise<void> {
  const socket = `unix:/run/qemu-server/${vmid}.migrate`;
  log.info(`starting online/live migration on ${socket}`);
  log.info('set migration capabilities');
  log.info('migration downtime limit: 100 ms');
  log.info('migration cachesize: 8.0 MiB');
  log.info('set migration parameters');
  log.info(`start migrate command to ${socket}`);
  const bytes = memoryMib(guest.config) * MIB;
  const speed = Math.min(bytesPerSecond ?? Number.POSITIVE_INFINITY, sim.durations.migrateBytesPerSecond);
  for (let step = 0; step < MIGRATION_STEPS; step += 1) {
    await worker.work(((bytes / speed) * 1000 + sim.durations.migrateMemoryMs) / MIGRATION_STEPS);
    if (!reaches(sim.world, node, target)) throw failure('aborting - unable to read from the tunnel: no answer');
    if (guest.run === undefined) throw failure('VM not running');
  }
  const status = guest.run?.qmpStatus ?? 'running';
  log.info(`average migration speed: ${(bytes / MIB).toFixed(1)} MiB/s - downtime 30 ms`);
  log.info(`migration completed, transferred ${(bytes / MIB).toFixed(1)} MiB VM-state`);
  log.info('migration status: completed');
  if (guest.run !== undefined) guest.run.qmpStatus = status === 'paused' ? 'paused' : 'postmigrate';
  await worker.cleanUp(sim.durations.postMigrateMs);
}

/** The config goes to the target with its lock, which falls there in the end. */
async function phase3(migration: Migration, copied: ReadonlyMap<LocalVolume, Volume>): Promise<void> {
  const { sim, worker, log, guest, target, running } = migration;
  for (const [{ use }, volume] of copied) pointTo(guest, use, volume, running);
  guest.node = target;
  if (guest.run !== undefined) {
    const { qmpStatus } = guest.run;
    const pid = freePid(sim.world, sim.random, target, sim.tasks.ofNode(target));
    const startedAt = sim.clock.now();
    guest.run = { ...guest.run, pid, startedAt, qmpStatus: qmpStatus === 'postmigrate' ? 'running' : qmpStatus };
  }
  await worker.cleanUp(running ? sim.durations.migrateFinishMs : sim.durations.migrateUnlockMs);
  for (const { volume } of copied.keys()) removeVolume(sim.world, volume);
  if (running && copied.size > 0) log.info('stopping NBD storage migration server on target.');
  if (guest.config['lock'] === 'migrate') delete guest.config['lock'];
  await worker.cleanUp(sim.durations.migrateUnlockMs / 2);
}

function undo({ sim, guest }: Migration, copied: ReadonlyMap<LocalVolume, Volume>): void {
  for (const volume of copied.values()) removeVolume(sim.world, volume);
  if (guest.config['lock'] === 'migrate') delete guest.config['lock'];
}
