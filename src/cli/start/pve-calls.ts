// What PVE is asked while a command works, as the simulator's control endpoint tells it.
import { request } from 'undici';
import { z } from 'zod';

const entry = z.object({
  seq: z.number(),
  node: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number().optional(),
  reason: z.string().optional(),
  durationMs: z.number().optional(),
});
const journal = z.array(entry);

export interface PveCalls {
  /** A line for each call that has been answered since the last look, in their order; looks at one task are told once. */
  next(): Promise<string[]>;
}

/** @param controlUrl `http://127.0.0.1:8010` */
export function watchPveCalls(controlUrl: string): PveCalls {
  let seen = 0;
  const tasks = new Set<string>();

  function lineOf(call: z.infer<typeof entry>): string | undefined {
    const upid = /\/tasks\/(UPID:[^/]+)\//.exec(call.path)?.[1];
    if (upid === undefined) {
      const outcome = call.status === 200 ? '' : `  ${call.status ?? ''} ${call.reason ?? ''}`;
      return `${call.method.padEnd(6)} ${call.path}${outcome}`;
    }
    if (tasks.has(upid)) return undefined;
    tasks.add(upid);
    const [, node = '', , , , type = '', id = ''] = upid.split(':');
    return `task   ${type}${id === '' ? '' : ` ${id}`} on ${node}`;
  }

  return {
    next: async () => {
      const { body } = await request(`${controlUrl}/journal?after=${seen}`);
      const calls = journal.parse(await body.json());
      // A call that is still being answered is told when it has been.
      const open = calls.findIndex((call) => call.status === undefined);
      const answered = open < 0 ? calls : calls.slice(0, open);
      seen = answered.at(-1)?.seq ?? seen;
      return answered.flatMap((call) => lineOf(call) ?? []);
    },
  };
}
