// Where a PVE is reached: `https://host:8006`, the same with `/api2` or `/api2/json`, IPv6 in brackets.

export interface Endpoint {
  /** Scheme, host and port: `https://[2001:db8::1]:8006`. */
  readonly origin: string;
  /** `host:port` as it was set, IPv6 in brackets. Never a resolved address. */
  readonly address: string;
  /** Whether TLS is spoken. */
  readonly secure: boolean;
}

/** The endpoint that `text` names, or undefined where it names none. Without a port it is the scheme's own. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const url = URL.parse(text.trim());
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  if (!/^\/(api2(\/json)?)?\/?$/.test(url.pathname)) return undefined;
  const secure = url.protocol === 'https:';
  const address = `${url.hostname}:${url.port === '' ? (secure ? '443' : '80') : url.port}`;
  return { origin: `${url.protocol}//${address}`, address, secure };
}
