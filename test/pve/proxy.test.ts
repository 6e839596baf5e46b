import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Endpoint, parseEndpoint } from '#pve/connection/endpoint';
import type { Pve } from '#pve/connection/pve';
import { parseProxy } from '#pve/reach/proxy';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { makeCa } from '../support/certificates.ts';
import { call, connectTo, failureOf, startScriptedPve } from './scripted-pve.ts';

const NAME = 'pve.test';
const ACCOUNT = 'somebody:s3cr3t@x';

let server: Server;
let ca: string;
let served: string[];
let proxy: ConnectProxy;

beforeAll(async () => {
  const authority = await makeCa();
  ca = authority.cert;
  server = createServer(await authority.leaf({ dns: [NAME] }), (request, response) => {
    served.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.end('{"data":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  served = [];
  const { port } = server.address() as AddressInfo;
  proxy = await startConnectProxy({ names: { [NAME]: port, 'other.test': port }, account: ACCOUNT });
});
afterEach(async () => await proxy.stop());

function through(url: string, account: string = ACCOUNT, changes: Partial<Endpoint> = {}, trust = ca): Pve {
  const [user = '', password = ''] = account.split(':').map(encodeURIComponent);
  const endpoint = parseEndpoint(url);
  if (endpoint === undefined) throw new Error(`${url} is no endpoint`);
  const via = { ...endpoint, proxy: parseProxy(`http://${user}:${password}@${proxy.address}`), ...changes };
  return connectTo(url, { endpoint: via, ca: trust });
}

describe('through a proxy', () => {
  test('an endpoint is reached by a tunnel that the proxy is asked for once, and that is closed with the rest', async () => {
    const pve = through(`https://${NAME}:8006`);
    expect([await pve.get('/version', call()), await pve.post('/x', call())]).toEqual([1, 1]);
    expect(served).toEqual(['GET /api2/json/version', 'POST /api2/json/x']);
    expect(proxy.asked).toEqual([`CONNECT ${NAME}:8006`]);
    expect(proxy.open()).toBe(1);
    await pve.close();
    await expect.poll(() => proxy.open()).toBe(0);
  });

  test('TLS is verified to the end: the authority, the name, the fingerprint', async () => {
    const otherCa = (await makeCa()).cert;
    const rows = [
      [through(`https://${NAME}:8006`, ACCOUNT, {}, otherCa), /^(UNABLE_TO_VERIFY_LEAF|CERT_SIGNATURE)/],
      [through('https://other.test:8006'), /^ERR_TLS_CERT_ALTNAME_INVALID$/],
      [through(`https://${NAME}:8006`, ACCOUNT, { fingerprint: 'AB:CD' }), /^WRONG_CERTIFICATE$/],
    ] as const;
    for (const [pve, code] of rows) {
      const facts = { outcome: 'not-sent', code: expect.stringMatching(code) as string };
      expect(await failureOf(pve.post('/x', call()))).toMatchObject(facts);
      await pve.close();
    }
    expect(served).toEqual([]);
    await expect.poll(() => proxy.open()).toBe(0);
  });

  test('an endpoint without TLS is reached by a tunnel, too', async () => {
    const plain = await startScriptedPve([['GET /version', { data: 7 }]]);
    await proxy.stop();
    proxy = await startConnectProxy({ names: { [NAME]: Number(new URL(plain.url).port) } });
    const pve = through(`http://${NAME}:8006`);
    expect(await pve.get('/version', call())).toBe(7);
    expect(proxy.asked).toEqual([`CONNECT ${NAME}:8006`]);
    await pve.close();
    await plain.finish();
  });
});

describe('a proxy', () => {
  test('that speaks TLS is asked by its own name, and not believed with another', async () => {
    const asked: string[] = [];
    const secure = createServer({
      ...(await (await makeCa()).leaf({ dns: ['localhost'] })),
      SNICallback: (name, done) => {
        asked.push(name);
        done(null);
      },
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const via = parseProxy(`https://localhost:${(secure.address() as AddressInfo).port}`);
    const pve = through(`https://${NAME}:8006`, ACCOUNT, { proxy: via });
    // The authorities of this system do not know it.
    const facts = { outcome: 'not-sent', message: expect.stringMatching(/the proxy localhost:.*UNABLE_TO/) as string };
    expect(await failureOf(pve.post('/x', call()))).toMatchObject(facts);
    expect(asked).toEqual(['localhost']);
    await pve.close();
    secure.close();
  });

  test.each([
    ['that wants other credentials', 'somebody:else', undefined, '407 Not now'],
    ['that lets nobody through', ACCOUNT, 403, '403 Not now'],
    ['that does not reach PVE', ACCOUNT, 502, '502 Not now'],
  ])(
    '%s is named with what it said, without its password, and nothing was sent',
    async (_what, account, status, said) => {
      proxy.refuse(status);
      const pve = through(`https://${NAME}:8006`, account);
      const error = await failureOf(pve.post('/x', call()));
      expect(error).toMatchObject({
        name: 'PveNoAnswer',
        outcome: 'not-sent',
        code: 'proxy',
        message: `POST /x: the proxy ${proxy.address} answered ${said}`,
      });
      await pve.close();
      expect(served).toEqual([]);
    },
  );

  test('that is not there is named, after having tried again', async () => {
    await proxy.stop();
    const pve = through(`https://${NAME}:8006`);
    const error = await failureOf(pve.get('/version', call()));
    const message = `GET /version: no answer from the proxy ${proxy.address} (ECONNREFUSED)`;
    expect(error).toMatchObject({ code: 'ECONNREFUSED', outcome: 'not-sent', message });
    await pve.close();
  });
});
