/** `provider_raw_json`: an object of texts, since the manager shows every other value in Go's own notation. */
export function encodeRawJson(record: Readonly<Record<string, string>>): string {
  return JSON.stringify(record);
}
