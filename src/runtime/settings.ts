// Reads a program's settings from one table of data. For each setting, the first of these that is not empty wins:
// a file of the credentials folder, then the environment variables in the order of the table, then the default.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Setting<T> {
  /** Environment variables, the first that is set wins. */
  readonly variables: readonly string[];
  /** Name of the file in the credentials folder. */
  readonly file?: string;
  /** Throws an Error whose message says what is wrong with the text. */
  readonly parse: (text: string) => T;
  readonly fallback: T;
  /** One sentence for the documentation. */
  readonly about: string;
  readonly example?: string;
}

export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;
export type SettingsOf<Table extends SettingsTable> = {
  readonly [Key in keyof Table]: ReturnType<Table[Key]['parse']> | Table[Key]['fallback'];
};

/** Where settings come from. */
export interface SettingsSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly credentialsFolder: string;
}

/** Where one setting was found. */
export interface Found {
  readonly text: string;
  /** A variable's name, or a file's path. */
  readonly from: string;
}

export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export function readSettings<Table extends SettingsTable>(table: Table, source: SettingsSource): SettingsOf<Table> {
  const entries = Object.entries(table).map(([key, setting]) => [key, readSetting(setting, source)]);
  return Object.fromEntries(entries) as SettingsOf<Table>;
}

function readSetting<T>(setting: Setting<T>, source: SettingsSource): T {
  const found = findSetting(setting, source);
  if (found === undefined) return setting.fallback;
  try {
    return setting.parse(found.text);
  } catch (cause) {
    throw new SettingError(`${found.from}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export function findSetting(setting: Setting<unknown>, source: SettingsSource): Found | undefined {
  const file = readCredential(setting.file, source.credentialsFolder);
  if (file !== undefined) return file;
  const variable = setting.variables.find((name) => source.environment[name]?.trim());
  const text = variable === undefined ? undefined : source.environment[variable];
  return variable === undefined || text === undefined ? undefined : { text, from: variable };
}

/** The content of a credential file without the line end that editors and `kubectl` add. */
function readCredential(name: string | undefined, folder: string): Found | undefined {
  if (name === undefined) return undefined;
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  return text.trim() === '' ? undefined : { text, from: path };
}

export const asText = (text: string): string => text.trim();

export function asList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function asBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (word === 'true') return true;
  if (word === 'false') return false;
  throw new Error(`"${text}" is not true or false`);
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };

/** `500ms`, `2s`, `5m`; a bare number is seconds. The result is in ms. */
export function asDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text.trim());
  const ms = Number(match?.[1]) * (DURATION_UNITS[match?.[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new Error(`"${text}" is not a duration such as 500ms, 2s or 5m`);
  return ms;
}

export function asOneOf<const Words extends readonly string[]>(...words: Words): (text: string) => Words[number] {
  return (text) => {
    const word = words.find((candidate) => candidate === text.trim().toLowerCase());
    if (word === undefined) throw new Error(`"${text}" is not one of ${words.join(', ')}`);
    return word;
  };
}
