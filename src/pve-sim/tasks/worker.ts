// A task's worker: a process with a log.
import type { Pace } from '../pace.ts';
import { type ControlledProcess, createProcess, type Process } from '../process.ts';
import type { TaskRecord } from '../world/world.ts';

export interface Worker extends Process {
  readonly upid: string;
  readonly user: string;
}

export type ControlledWorker = Worker & ControlledProcess;

export function createWorker(record: TaskRecord, pace: Pace): ControlledWorker {
  return Object.assign(createProcess(pace, record.node), {
    upid: record.upid,
    user: record.user,
    log: (line: string) => void record.log.push(line),
    warn: (line: string) => {
      record.log.push(`WARN: ${line}`);
      record.warnings += 1;
    },
  });
}
