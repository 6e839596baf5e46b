// How it stands with a provider in this process, as conditions tell it.
import type { ProviderWish } from '#domain/provider-wish';
import type { ProviderAddress } from '../providers/providers.ts';
import type { Why } from '../work/outcome.ts';
import { gateState } from './gate.ts';
import type { RunnerState } from './runner.ts';

export function runs(
  { address }: { readonly address: ProviderAddress },
  { runtime: { tls } }: ProviderWish,
): RunnerState {
  const message = `It runs in the manager, on ${address.address}.`;
  return { phase: 'Running', reason: 'InProcess', message, address, gate: gateState(tls) };
}

export function notYet({ reason, message }: Why): RunnerState {
  return { phase: 'Failed', reason, message };
}

export function failed(reason: string, message: string): RunnerState {
  return { phase: 'Failed', reason, message };
}

export function startFailed(key: string, error: unknown): RunnerState {
  return failed('StartFailed', `Provider ${key}: start: ${error instanceof Error ? error.message : String(error)}`);
}

export function portTrouble(key: string, port: number, why: string): string {
  return `Provider ${key}: serve on port ${port}: ${why}. Set another spec.runtime.service.port, or remove it: then any free one is taken.`;
}

export function isPortTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'EADDRINUSE') || isPortTaken(error.cause);
}
