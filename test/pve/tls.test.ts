import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '#runtime/certificates';
import { call, connectTo, failureOf } from './scripted-pve.ts';

describe('TLS', () => {
  let server: Server;
  let ca: string;
  let otherCa: string;
  const url = (host: string): string => `https://${host}:${(server.address() as AddressInfo).port}`;

  beforeAll(async () => {
    const authority = await createAuthority({ subject: 'CN=one', now: Date.now() });
    const { cert, key } = await authority.issue(['127.0.0.1']);
    ca = authority.ca;
    otherCa = (await createAuthority({ subject: 'CN=another', now: Date.now() })).ca;
    server = createServer({ cert, key }, (_request, response) => {
      response.end('{"data":1}');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    ['the CA that signed the certificate', '127.0.0.1', () => ({ ca })],
    ['no check at all', 'localhost', () => ({ skipVerify: true })],
  ])('works with %s', async (_what, host, options) => {
    const pve = connectTo(url(host), options());
    expect(await pve.get('/version', call())).toBe(1);
    await pve.close();
  });

  test.each([
    ['the system’s CAs', '127.0.0.1', () => ({}), /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/],
    ['another CA', '127.0.0.1', () => ({ ca: otherCa }), /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE)$/],
    ['a name that is not in the certificate', 'localhost', () => ({ ca }), /^ERR_TLS_CERT_ALTNAME_INVALID$/],
  ])('is refused at once with %s, and nothing is sent', async (_what, host, options, code) => {
    const pve = connectTo(url(host), options());
    const error = await failureOf(pve.post('/x', call()));
    expect(error).toMatchObject({
      name: 'PveNoAnswer',
      outcome: 'not-sent',
      code: expect.stringMatching(code) as string,
    });
    await pve.close();
  });
});
