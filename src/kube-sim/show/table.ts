// The table `kubectl get` prints: made on the server, since only it knows the columns.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { StatusError } from '../status.ts';
import { columnsOf } from './columns.ts';
import type { Column } from './columns.ts';
import { listMeta, partialObjectMetadata } from './partial-object-metadata.ts';
import type { ListMeta, MetaVersion } from './partial-object-metadata.ts';

/** What each row carries beside its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions extends ListMeta {
  readonly includeObject: IncludeObject;
  /** In milliseconds: ages are counted up to here. */
  readonly now: number;
  readonly version?: MetaVersion;
  /** False for all but the first event of a watch (recording 145). */
  readonly withColumns?: boolean;
}

/** Of one object, a list, or the object of a watch event. */
export function tableOf(objects: readonly KubeObject[], resource: Resource, options: TableOptions): JsonObject {
  const { version = 'v1', withColumns = true } = options;
  const columns = columnsOf(resource);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMeta(options),
    columnDefinitions: withColumns ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, options.now)),
      object: rowObject(object, options.includeObject, version),
    })),
  };
}

/** Of the query parameter `includeObject` (recording 152). */
export function parseIncludeObject(text: string | undefined): IncludeObject {
  if (text === undefined || text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  const wrong = `includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw new StatusError(400, 'BadRequest', `Unable to convert to Table as requested: ${wrong}`);
}

function definition({ name, type, format, description, priority }: Column): JsonObject {
  return { name, type, format, description, priority };
}

function rowObject(object: KubeObject, include: IncludeObject, version: MetaVersion): Json {
  if (include === 'None') return null;
  return include === 'Object' ? object : partialObjectMetadata(object, version);
}
