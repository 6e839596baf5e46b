// Task ids as the manager keeps them: `vrtg1.<kind>.<vmid>.<incarnation>.<goal>[.<upid>]`. They hold all that any
// replica needs, also after a restart, to judge the run. The UPID comes last since it may hold every separator.

export interface TaskId {
  /** What runs: `create`, `clone`, `delete`. */
  readonly kind: string;
  readonly vmid: number;
  /** Of the claim the run belongs to; undefined for a VM without one. */
  readonly incarnation: string | undefined;
  /** The state that ends the run: `ready`, `absent`. */
  readonly goal: string;
  /** The PVE task it waits for. */
  readonly upid: string | undefined;
}

/** Stands for "no incarnation". */
const NONE = '-';
const TASK_ID = /^vrtg1\.([a-z]+)\.([1-9]\d{2,8})\.([a-z2-7]{12}|-)\.([A-Za-z0-9_-]+)(?:\.(UPID:\S+))?$/;

/** Throws a RangeError if a part cannot stand in a task id: that is a mistake of ours. */
export function formatTaskId(task: TaskId): string {
  const parts = ['vrtg1', task.kind, task.vmid, task.incarnation ?? NONE, task.goal];
  const id = [...parts, ...(task.upid === undefined ? [] : [task.upid])].join('.');
  if (!TASK_ID.test(id)) throw new RangeError(`"${id}" is not a task id`);
  return id;
}

/** undefined where `text` is not a task id of this form (it may be a raw UPID, or another provider's). */
export function parseTaskId(text: string): TaskId | undefined {
  const match = TASK_ID.exec(text);
  if (match === null) return undefined;
  const [, kind = '', vmid = '', incarnation = '', goal = '', upid] = match;
  return { kind, vmid: Number(vmid), incarnation: incarnation === NONE ? undefined : incarnation, goal, upid };
}

/** An image being fetched has no VM yet: `vrtg1.import.-.-.<storage>.<upid>`, the file's name being in the UPID. */
export interface ImportTask {
  readonly storage: string;
  readonly upid: string;
}

const IMPORT_TASK = /^vrtg1\.import\.-\.-\.([A-Za-z][A-Za-z0-9_.-]*)\.(UPID:\S+)$/;

export function formatImportTask({ storage, upid }: ImportTask): string {
  return `vrtg1.import.${NONE}.${NONE}.${storage}.${upid}`;
}

/** undefined where `text` is not a task id of this form. */
export function parseImportTask(text: string): ImportTask | undefined {
  const [, storage, upid] = IMPORT_TASK.exec(text) ?? [];
  return storage === undefined || upid === undefined ? undefined : { storage, upid };
}

/** The templates of one image that are made at once: `vrtg1.images.<vmid>.<incarnation>[.<vmid>.<incarnation>...].ready`. */
export type ImagesTask = readonly { readonly vmid: number; readonly incarnation: string }[];

const IMAGES_TASK = /^vrtg1\.images((?:\.[1-9]\d{2,8}\.[a-z2-7]{12})+)\.ready$/;

export function formatImagesTask(templates: ImagesTask): string {
  const id = ['vrtg1', 'images', ...templates.flatMap(({ vmid, incarnation }) => [vmid, incarnation]), 'ready'].join(
    '.',
  );
  if (!IMAGES_TASK.test(id)) throw new RangeError(`"${id}" is not a task id`);
  return id;
}

/** undefined where `text` is not a task id of this form. */
export function parseImagesTask(text: string): ImagesTask | undefined {
  const [, templates] = IMAGES_TASK.exec(text) ?? [];
  if (templates === undefined) return undefined;
  return [...templates.matchAll(/(\d+)\.([a-z2-7]+)/g)].map(([, vmid = '', incarnation = '']) => ({
    vmid: Number(vmid),
    incarnation,
  }));
}
