import type { Link, Method, PveAnswer } from './request.ts';

/** Who we are to PVE. Asked before every request, so what it knows may change while the connection stands. */
export interface Authenticator {
  headers(method: Method): Readonly<Record<string, string>>;
}

/** An API token (pve-behaviour 4.3): `user@realm!tokenid` and its secret. PVE unescapes the value. */
export function tokenAuthenticator(id: string, secret: string): Authenticator {
  const value = `PVEAPIToken=${id}=${secret}`.replaceAll('%', '%25');
  return { headers: () => ({ authorization: value }) };
}

/** Adds the credentials to every request. */
export function authenticate(authenticator: Authenticator): Link<PveAnswer> {
  return (next) => async (request) =>
    await next({ ...request, headers: { ...request.headers, ...authenticator.headers(request.method) } });
}
