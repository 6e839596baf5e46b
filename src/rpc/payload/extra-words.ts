// Words in ExtraConfig that are fields of ours: VirtRigaud's own manager has no other way to say them.
import { EXTRA_WORDS } from '#domain/extra-words';
import type { VmSpec } from '#domain/vm-spec';
import { cloneMode } from './image.ts';
import { agree } from './json-object.ts';
import { machineType } from './size.ts';

const PATH = 'class_json.ExtraConfig';

/** The wish with these words in their fields; throws `invalid-spec` where a field says something else. */
export function withExtraWords(spec: VmSpec): VmSpec {
  const { size, placement } = spec;
  const words: readonly string[] = EXTRA_WORDS.map(({ key }) => key);
  if (!Object.keys(size.extra).some((key) => words.includes(key))) return spec;
  const extra = Object.fromEntries(Object.entries(size.extra).filter(([key]) => !words.includes(key)));
  const text = (key: string): string | undefined => size.extra[key]?.trim() || undefined;
  const word = (key: string, said: string | undefined): string | undefined => agree(`${PATH}.${key}`, text(key), said);
  const mode = text('cloneMode');
  const machine = word('machine', size.machine);
  return {
    ...spec,
    size: {
      ...size,
      machine: machine === undefined ? undefined : machineType(machine, `${PATH}.machine`),
      storage: word('storage', size.storage),
      cloneMode: agree(
        `${PATH}.cloneMode`,
        mode === undefined ? undefined : cloneMode(mode, `${PATH}.cloneMode`),
        size.cloneMode,
      ),
      extra,
    },
    placement: { ...placement, pool: word('pool', placement.pool), node: word('node', placement.node) },
  };
}
