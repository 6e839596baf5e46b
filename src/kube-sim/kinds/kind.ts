// A kind as the server keeps it: the resource it is served as, and what its objects have to be beyond their schema.
import type { JsonObject, KubeObject } from '../object.ts';
import type { NameRule } from '../objects/names.ts';
import type { Resource } from '../resource.ts';
import type { Schema } from '../schema/schema.ts';
import type { Cause } from '../status.ts';

export interface Kind {
  readonly resource: Resource;
  /** The resource under which the log has its objects. Versions of one kind share it. */
  readonly stored: string;
  readonly storedApiVersion: string;
  /** The schema with apiVersion, kind and metadata. */
  readonly schema: Schema;
  readonly nameRule: NameRule;
  /** A PUT may leave out the resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** Counts changes of all but metadata and status in metadata.generation. */
  readonly generation: boolean;
  /** Objects written since this revision are as the schema of now wants them. */
  readonly currentSince: number;
  /** What is set by the server: once before a new object is checked, and again for each update. */
  readonly prepare?: (object: KubeObject, old: KubeObject | undefined) => KubeObject;
  /** What is wrong with an object beyond its schema. */
  readonly check?: (object: KubeObject, old: KubeObject | undefined) => readonly Cause[];
  /** What its author should know although it is accepted. */
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => readonly string[];
  /** Told in a Warning whenever this version is asked for. */
  readonly deprecation?: string;
  /** What is there in every object of the kind, however empty: nobody owns that it is there. */
  readonly empty?: JsonObject;
  /** What is set on an object that is going to be deleted; from then on it waits for whoever has to see to that. */
  readonly beforeDelete?: (object: KubeObject, time: string) => KubeObject;
  /** Something beside its finalizers has to happen before it goes. */
  readonly isHeld?: (object: KubeObject) => boolean;
  /** Of a version whose shape is not the stored one. */
  readonly fromStored?: (object: KubeObject) => KubeObject;
  readonly toStored?: (object: KubeObject) => KubeObject;
}
