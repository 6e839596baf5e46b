// What a clone is asked for, and what its synchronous part has found out.
export interface CloneRequest {
  readonly node: string;
  readonly vmid: number;
  readonly newid: number;
  readonly user: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly snapname: string | undefined;
  readonly pool: string | undefined;
  readonly full: boolean | undefined;
  readonly storage: string | undefined;
  readonly format: string | undefined;
  readonly target: string | undefined;
  readonly bytesPerSecond: number | undefined;
}

/** With defaults filled in. */
export interface ClonePlan extends CloneRequest {
  readonly isFull: boolean;
  readonly running: boolean;
}

/** A guest's config, or a snapshot of it. */
export type Config = Readonly<Record<string, string>>;
