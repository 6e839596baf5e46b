import type { LogFields } from './log.ts';

/** Ends the program: one line of the log with exactly this message and these fields, and exit code 1. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly fields: LogFields;

  constructor(message: string, fields: LogFields, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fields = fields;
  }
}
