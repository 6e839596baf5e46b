// Finds a worker that somebody describes in words, as root on the host would before a `kill -9`.
import type { TaskRecord, World } from '../world/world.ts';

/** What people call the tasks. */
const NAMES: Readonly<Record<string, RegExp>> = {
  qmclone: /\bclon/i,
  qmconfig: /\bconfig|\bupdate|\bchange/i,
  qmcreate: /\bcreat/i,
  qmdestroy: /\bdelet|\bdestr|\bremov/i,
  qmigrate: /\bmigrat/i,
  qmmove: /\bmov/i,
  qmrollback: /\broll/i,
  qmshutdown: /\bshutdown/i,
  qmsnapshot: /\bsnapshot/i,
  qmstart: /\bstart/i,
  qmstop: /\bstop/i,
  qmtemplate: /\btemplate/i,
  resize: /\bresiz|\bgrow/i,
  imgcopy: /\bupload/i,
  download: /\bdownload/i,
};

/** @param words such as `the clone to 103` or `qmstart 100`: a running task's type and, if there are several, its guest */
export function findWorker(world: World, words: string): TaskRecord {
  const running = Object.values(world.tasks).filter(
    ({ exitstatus, type }) => exitstatus === undefined && (words.includes(type) || NAMES[type]?.test(words) === true),
  );
  const [task] = running.toReversed().toSorted((a, b) => fit(words, b) - fit(words, a));
  if (task === undefined) throw new Error(`no running task is '${words}'`);
  return task;
}

/** Whether the words name the task's own guest; a clone's target is in no UPID. */
function fit(words: string, { id }: TaskRecord): number {
  return id !== '' && words.split(/\D+/).includes(id) ? 1 : 0;
}
