// From the options and settings of a command to a PVE that has answered, and to our name there.
import { createPatient, type Patient } from '#doctor/patient';
import { reachPve, readTarget } from '#pve/reach/reach-pve';
import { DEFAULT_INSTANCE, instanceName, pveSettingsTable, settingsSource } from '#pve/reach/settings';
import type { Clock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import { asList, readSettings, SettingError, type SettingsSource } from '#runtime/settings';
import { StartupError } from '#runtime/startup-error';

/** What can be said on the command line; everything else, and every secret, comes from the provider's settings. */
export interface ConnectionOptions {
  readonly endpoint?: string | undefined;
  readonly instance?: string | undefined;
  readonly caBundle?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  readonly credentials?: string | undefined;
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the person has had enough. */
  readonly interrupted: AbortSignal;
}

export interface Connection {
  readonly patient: Patient;
  /** Whether somebody has said which instance we are. */
  readonly isNamed: boolean;
}

/** Why a command could not begin, as a sentence for a person. */
export class CannotBegin extends Error {
  override readonly name = 'CannotBegin';
}

/** Does `work` with a connection and closes it. Throws CannotBegin where there is none to be had. */
export async function withPve<T>(
  options: ConnectionOptions,
  { environment, clock, log, interrupted }: Surroundings,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const source = sourceOf(options, environment);
  const call = deadlineIn(Number.POSITIVE_INFINITY, interrupted);
  const { pve, settings } = await reach(options, source, clock, log);
  try {
    const name = instanceName(settings);
    const { vmidRange } = settings;
    const patient = createPatient({ pve, instance: name ?? DEFAULT_INSTANCE, vmidRange, call });
    return await work({ patient, isNamed: name !== undefined });
  } finally {
    call.dispose();
    await pve.close();
  }
}

function sourceOf({ credentials }: ConnectionOptions, environment: Surroundings['environment']): SettingsSource {
  return settingsSource(
    credentials === undefined ? environment : { ...environment, VIRTRIGAUD_CREDENTIALS_DIR: credentials },
  );
}

async function reach(options: ConnectionOptions, source: SettingsSource, clock: Clock, log: Logger) {
  try {
    const read = readSettings(pveSettingsTable, source);
    const settings = {
      ...read,
      // The fingerprints belong to the endpoints they were listed with.
      ...(options.endpoint === undefined ? {} : { endpoints: asList(options.endpoint), fingerprints: [] }),
      instance: options.instance ?? read.instance,
      caBundle: options.caBundle ?? read.caBundle,
      insecureSkipVerify: options.insecureSkipVerify ?? read.insecureSkipVerify,
    };
    const { pve } = await reachPve(readTarget(settings, source, log), settings, clock, log);
    return { pve, settings };
  } catch (error) {
    if (error instanceof SettingError) throw new CannotBegin(error.message, { cause: error });
    if (error instanceof StartupError) throw new CannotBegin(sentence(error), { cause: error });
    throw error;
  }
}

/** What the provider would log on one line. */
function sentence({ message, fields }: StartupError): string {
  const { error, endpoint, hint } = fields;
  const at = typeof endpoint === 'string' ? ` (${endpoint})` : '';
  const remedy = typeof hint === 'string' ? `. ${hint.charAt(0).toUpperCase()}${hint.slice(1)}` : '';
  return `${message}: ${String(error)}${at}${remedy}`;
}
