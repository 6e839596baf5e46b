import { SettingError } from '#runtime/settings';
import { StartupError } from '#runtime/startup-error';

/** Message and fields of the line of the log that says why the provider has not started. */
export type StartupLine = Pick<StartupError, 'message' | 'fields'>;

export function startupLine(error: unknown): StartupLine {
  if (error instanceof StartupError) return error;
  if (error instanceof SettingError) return { message: 'Invalid setting', fields: { error: error.message } };
  return { message: 'Failed to start', fields: { error } };
}
