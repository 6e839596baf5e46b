// What runs the process behind a Provider: in this process, as a Deployment, or somebody else.
import type { ObjectRef } from '#domain/object-ref';
import type { ProviderWish } from '#domain/provider-wish';
import type { KubeObject } from '#kube/object';
import type { ProviderAddress } from '../providers/providers.ts';
import type { Concern, World } from '../work/controller.ts';
import type { Why } from '../work/outcome.ts';
import type { Supplies } from './supplies.ts';

export interface ProviderRunner {
  /** Makes it run as it is wished for, and tells how far that is. Again with the same order it changes nothing. */
  ensure(order: RunOrder): Promise<RunnerState>;
  /** Ends it; it is in order that there is none. */
  remove(provider: ObjectRef, world: World): Promise<void>;
  /** Ends all that run in this process; what runs elsewhere goes on. */
  close(): Promise<void>;
  /** Whose changes tell how far it is. */
  readonly concerns: readonly Concern[];
}

export interface RunOrder {
  readonly provider: KubeObject;
  readonly wish: ProviderWish;
  readonly supplies: Supplies;
  readonly world: World;
  /** What is missing to start one; one that runs goes on without. */
  readonly trouble: Why | undefined;
}

export interface RunnerState {
  readonly phase: 'Pending' | 'Starting' | 'Running' | 'Failed';
  /** CamelCase, for a condition. */
  readonly reason: string;
  readonly message: string;
  /** Where it serves; a provider that is about to be replaced still does. */
  readonly address?: ProviderAddress | undefined;
  /** It is still reached as it was, if it was: what is missing is needed by a new start alone. */
  readonly isAsBefore?: boolean | undefined;
  /** Name of its Service. */
  readonly service?: string | undefined;
  /** How manager and provider know each other. */
  readonly gate?: { readonly isSecure: boolean; readonly reason: string; readonly message: string } | undefined;
  readonly replicas?: { readonly ready: number; readonly available: number } | undefined;
}
