// Tasks: workers that outlive the call that started them (pve-behaviour 6). The record is part of the world, the worker is not.
import type { Clock } from '#runtime/clock';
import type { Durations } from '../durations.ts';
import type { FaultAction, Faults } from '../faults.ts';
import { releaseAll } from '../locks/locks.ts';
import type { Pace } from '../pace.ts';
import { failure, taskErrorText } from '../pve-error.ts';
import type { Random } from '../random.ts';
import type { TaskRecord, World } from '../world/world.ts';
import { formatUpid } from './upid.ts';
import { type ControlledWorker, createWorker, type Worker } from './worker.ts';

export interface TaskStart {
  readonly node: string;
  readonly type: string;
  readonly id: string;
  /** A user id or a full token id. */
  readonly user: string;
}

export interface Tasks {
  /**
   * Registers a task and starts its worker; answers with the UPID at once.
   * @throws 500 `got no worker upid` where a fault says so; an error where the node has no power
   */
  fork(start: TaskStart, run: (worker: Worker) => Promise<void>): string;
  /** SIGTERM, then SIGKILL; comes back when the task is over. */
  stop(upid: string): Promise<void>;
  /** SIGKILL to every worker of a node. */
  killAll(node: string): void;
  /** Settles when the task is over. */
  ended(upid: string): Promise<void>;
}

interface Running {
  /** ms of the world's time */
  readonly startedAt: number;
  readonly worker: ControlledWorker;
  readonly done: Promise<void>;
  finish(exitstatus: string): void;
}

interface TasksOf {
  readonly world: World;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly random: Random;
  readonly durations: Durations;
  readonly faults: Faults;
}

/** How young a worker may lose a SIGTERM, and how often it does (pve-behaviour 28.11). */
const EARLY_MS = 200;
const EARLY_LOSS: Readonly<Record<string, number>> = { qmclone: 5 / 8, qmcreate: 1 / 9 };

export function createTasks(sim: TasksOf): Tasks {
  const running = new Map<string, Running>();

  const register = (start: TaskStart, stillborn: boolean): TaskRecord => {
    const node = sim.world.nodes[start.node];
    const now = sim.clock.now();
    const pid = 1000 + sim.random.below(2 ** 22 - 1000);
    const pstart = Math.max(1, Math.floor((now - (node?.bootedAt ?? now)) / 10));
    const parts = { ...start, pid, pstart, starttime: Math.floor(now / 1000) };
    const record: TaskRecord = {
      upid: formatUpid(parts),
      ...parts,
      log: [],
      warnings: 0,
      endtime: undefined,
      exitstatus: undefined,
      stillborn,
    };
    sim.world.tasks[record.upid] = record;
    return record;
  };

  const watch = (record: TaskRecord): Running => {
    const worker = createWorker(record, sim.pace);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const finish = (exitstatus: string): void => {
      if (record.exitstatus !== undefined) return;
      record.exitstatus = exitstatus;
      record.endtime = Math.floor(sim.clock.now() / 1000);
      running.delete(record.upid);
      releaseAll(worker);
      resolve();
    };
    return { startedAt: sim.clock.now(), worker, done, finish };
  };

  const kill = (task: Running): void => {
    task.worker.kill();
    task.finish('unexpected status');
  };

  const scheduleKills = (task: Running, faults: readonly FaultAction[]): void => {
    for (const action of faults) {
      if (!('killWorker' in action)) continue;
      const signal = action.killWorker;
      sim.pace.limit(action.afterMs ?? 0, () => (signal === 'KILL' ? kill(task) : task.worker.terminate()));
    }
  };

  const carryOut = async (record: TaskRecord, task: Running, run: (worker: Worker) => Promise<void>): Promise<void> => {
    try {
      await task.worker.cleanUp(0);
      await run(task.worker);
      if (record.warnings > 0) record.log.push(`TASK WARNINGS: ${record.warnings}`);
      else record.log.push('TASK OK');
      task.finish(record.warnings > 0 ? `WARNINGS: ${record.warnings}` : 'OK');
    } catch (error) {
      const text = taskErrorText(error);
      record.log.push(`TASK ERROR: ${text}`);
      task.finish(text.replaceAll('\n', ' '));
    }
  };

  return {
    fork: (start, run) => {
      if (sim.world.nodes[start.node]?.online !== true) {
        throw new Error(`no ${start.type} of '${start.id}' can run on node '${start.node}': it has no power`);
      }
      const faults = sim.faults.forTask(start.node, start.type);
      const stillborn = faults.some((action) => 'noWorker' in action);
      const record = register(start, stillborn);
      if (stillborn) throw failure('got no worker upid - start worker failed');
      const task = watch(record);
      running.set(record.upid, task);
      scheduleKills(task, faults);
      void carryOut(record, task, run);
      return record.upid;
    },
    stop: async (upid) => {
      const task = running.get(upid);
      const record = sim.world.tasks[upid];
      if (task === undefined || record === undefined) return;
      const young = sim.clock.now() - task.startedAt < EARLY_MS;
      const loss = EARLY_LOSS[record.type];
      const lost = young && loss !== undefined && sim.random.next() < loss;
      if (!lost) task.worker.terminate();
      const cancel = sim.pace.limit(sim.durations.taskKillMs, () => kill(task));
      await task.done;
      cancel();
    },
    killAll: (node) => {
      for (const [upid, task] of running) if (sim.world.tasks[upid]?.node === node) kill(task);
    },
    ended: async (upid) => await running.get(upid)?.done,
  };
}
