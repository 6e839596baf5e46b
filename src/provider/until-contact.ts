import type { Provider } from '#rpc/contract';
import type { CallContext, Handlers } from '#rpc/service';
import { type Contact, faultOf } from './contact.ts';

type Rows = Handlers<typeof Provider>;

/**
 * The rows of the service as they are before contact with PVE is made. Validate is true all the same, since a manager takes
 * a false as leave to give up the VMs that it is deleting, and a provider that has just been restarted cannot know whether
 * there are any (ADR 13). What needs no PVE is answered, and everything else fails in a way that is retried.
 */
export function untilContact(rows: Rows, contact: Contact): Rows {
  const { validate, getCapabilities, ...others } = rows;
  return {
    ...(Object.fromEntries(
      Object.entries(others).map(([name, row]) => [name, onceMade(contact, row as AnyRow)]),
    ) as typeof others),
    ...(getCapabilities === undefined ? {} : { getCapabilities }),
    ...(validate === undefined
      ? {}
      : {
          validate: async (request, call) => {
            const missing = await contact.missing(call.deadline);
            return missing === undefined
              ? await validate(request, call)
              : { ok: true, message: faultOf(missing).message };
          },
        }),
  };
}

type AnyRow = (request: unknown, call: CallContext) => Promise<unknown>;

function onceMade(contact: Contact, row: AnyRow): AnyRow {
  return async (request, call) => {
    const missing = await contact.missing(call.deadline);
    if (missing !== undefined) throw faultOf(missing);
    return await row(request, call);
  };
}
