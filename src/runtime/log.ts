// Log lines: `<RFC 3339 UTC> LEVEL message key=value ...` (text) or one JSON object with time, level, msg (json), on stdout.
import pino from 'pino';

export type LogFormat = 'text' | 'json';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly format?: LogFormat;
  readonly level?: LogLevel;
  /** Where finished lines go, each with its line end; stdout where absent. */
  readonly write?: (line: string) => void;
}

const stdout = (line: string): void => void process.stdout.write(line);

export function createLogger(options: LogOptions = {}): Logger {
  const write = options.write ?? stdout;
  const sink = { write: options.format === 'json' ? write : (json: string) => write(textLine(json)) };
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
  return wrap(pino(settings, sink));
}

function wrap(target: pino.Logger): Logger {
  return {
    debug: (message, fields = {}) => target.debug(plain(fields), message),
    info: (message, fields = {}) => target.info(plain(fields), message),
    warn: (message, fields = {}) => target.warn(plain(fields), message),
    error: (message, fields = {}) => target.error(plain(fields), message),
    with: (fields) => wrap(target.child(plain(fields))),
  };
}

/** Errors become their message, so that no stack or hidden property reaches a log line. */
function plain(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function textLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${textValue(value)}`);
  return `${String(time)} ${String(level)} ${String(msg)}${pairs.join('')}\n`;
}

/** The start-up lines quote `error` always; other values only where a blank, a quote or an equals sign asks for it. */
function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
