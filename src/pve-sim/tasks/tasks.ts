// Tasks: workers that outlive the call that started them (pve-behaviour 6). The record is part of the world, the worker is not.
import type { Clock } from '#runtime/clock';
import type { Durations } from '../durations.ts';
import type { FaultAction, Faults } from '../faults.ts';
import { releaseAll } from '../locks/locks.ts';
import type { Pace } from '../pace.ts';
import { freePid } from '../pids.ts';
import { failure, taskErrorText } from '../pve-error.ts';
import type { Random } from '../random.ts';
import type { TaskRecord, World } from '../world/world.ts';
import { createTaskBroadcasts, type ToldTask } from './broadcast.ts';
import { createTaskIndex, type NodeTasks } from './task-index.ts';
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
  /** SIGKILL to one worker: nothing of what it holds or has begun is undone but its file locks. */
  kill(upid: string): void;
  /** SIGKILL to every worker of a node. */
  killAll(node: string): void;
  /** Settles when the task is over. */
  ended(upid: string): Promise<void>;
  /** The tasks that a node knows of its own. */
  ofNode(node: string): NodeTasks;
  /** A node tells the others what its tasks are doing. */
  broadcast(node: string): void;
  /** What a node has heard of all nodes' tasks. */
  heardBy(node: string): readonly ToldTask[];
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
  /** Decides which signals get lost; a stream of its own, so that stops change nothing else. */
  readonly signals: Random;
  readonly durations: Durations;
  readonly faults: Faults;
}

/** A stop looks this often whether the worker is gone. */
const STOP_POLL_MS = 1000;

/** How young a worker may lose a SIGTERM, and how often it does (pve-behaviour 28.11). */
const EARLY_MS = 200;
const EARLY_LOSS: Readonly<Record<string, number>> = { qmclone: 5 / 8, qmcreate: 1 / 9 };

export function createTasks(sim: TasksOf): Tasks {
  const running = new Map<string, Running>();
  const index = createTaskIndex(sim.world);
  const broadcasts = createTaskBroadcasts(sim.world, index);

  const register = (start: TaskStart, stillborn: boolean): TaskRecord => {
    const node = sim.world.nodes[start.node];
    const now = sim.clock.now();
    const pid = freePid(sim.world, sim.random, start.node, index.of(start.node));
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
    index.start(record);
    return record;
  };

  /** Each round of the status daemon looks which workers are still there. */
  const dropStillborn = (node: string): void => {
    for (const record of index.of(node).running.filter(({ stillborn }) => stillborn)) {
      record.exitstatus = 'unexpected status';
      record.endtime = Math.floor(sim.clock.now() / 1000);
      index.end(record);
    }
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
      index.end(record);
      broadcasts.send(record.node);
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
      broadcasts.send(record.node);
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
      const lost = young && loss !== undefined && sim.signals.next() < loss;
      if (!lost) task.worker.terminate();
      for (let waitedMs = 0; waitedMs < sim.durations.taskKillMs; waitedMs += STOP_POLL_MS) {
        await sim.pace.wait(STOP_POLL_MS);
        if (record.exitstatus !== undefined) return;
      }
      kill(task);
    },
    kill: (upid) => {
      const task = running.get(upid);
      if (task !== undefined) kill(task);
    },
    killAll: (node) => {
      for (const [upid, task] of running) if (sim.world.tasks[upid]?.node === node) kill(task);
    },
    ended: async (upid) => await running.get(upid)?.done,
    ofNode: (node) => index.of(node),
    broadcast: (node) => {
      dropStillborn(node);
      broadcasts.send(node);
    },
    heardBy: (node) => broadcasts.heardBy(node),
  };
}
