import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient, rowsOf } from './pve-client.ts';

let simulator: Simulator;
let pve: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'three-node', timeScale: 20 });
  pve = pveClient(simulator);
});

afterAll(async () => {
  await pve.close();
  await simulator.stop();
});

const authorization = (): string => `PVEAPIToken=${simulator.token.id}=${simulator.token.secret}`;
const port = (): number => Number(new URL(simulator.nodes[0]?.url ?? '').port);

interface Exchange {
  readonly socket: Socket;
  /** All that has come. */
  text(): string;
  /** Resolves when the text holds so many answers. */
  answers(count: number): Promise<void>;
  readonly closed: Promise<void>;
}

/** A connection for literal requests. */
function open(tls = true): Exchange {
  const socket = tls
    ? connectTls({ port: port(), host: '127.0.0.1', ca: simulator.ca })
    : connectTcp({ port: port(), host: '127.0.0.1' });
  let received = '';
  let wake = (): void => {};
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    wake();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  return {
    socket,
    text: () => received,
    closed,
    answers: async (count) => {
      while (received.split('HTTP/1.1 ').length - 1 < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function requestText(method: string, path: string, headers: readonly string[] = [], body = ''): string {
  const lines = [`${method} /api2/json${path} HTTP/1.1`, 'Host: pve', `Authorization: ${authorization()}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

async function exchange(text: string): Promise<string> {
  const connection = open();
  connection.socket.write(text);
  await connection.answers(1);
  connection.socket.end();
  await connection.closed;
  return connection.text();
}

describe('answers', () => {
  test('a success is data alone, with the date of the world', async () => {
    const reply = await pve.get('/version');
    expect(JSON.parse(reply.text)).toEqual({ data: { version: '9.1.9', release: '9.1', repoid: 'ee7bad0a3d1546c9' } });
    expect(reply.headers['content-type']).toBe('application/json;charset=UTF-8');
    expect(reply.headers['server']).toBe('pve-api-daemon/3.0');
    const apart = Math.abs(Date.parse(String(reply.headers['date'])) - simulator.clock.now());
    expect(apart).toBeLessThan(60_000);
  });

  test('an error puts its message into the reason phrase and the body, and closes the connection', async () => {
    const reply = await pve.get('/nodes/pve1/qemu/555/config');
    const message = "Configuration file 'nodes/pve1/qemu-server/555.conf' does not exist";
    expect([reply.status, reply.reason]).toEqual([500, message]);
    expect(JSON.parse(reply.text)).toEqual({ data: null, message: `${message}\n` });
    expect(reply.headers['connection']).toBe('close');
  });

  test('all bad parameters are told at once', async () => {
    const reply = await pve.post('/nodes/pve1/qemu', { vmid: 99, cores: 'two' });
    expect([reply.status, reply.reason]).toEqual([400, 'Parameter verification failed.']);
    expect(Object.keys(reply.errors ?? {}).sort()).toEqual(['cores', 'vmid']);
  });

  test('values have the types PVE gives them', async () => {
    expect((await pve.get('/cluster/nextid')).data).toBe('102');
    const config = objectOf(await pve.get('/nodes/pve1/qemu/9000/config'));
    expect(config).toMatchObject({ memory: '2048', cores: 2, template: 1, agent: '1' });
    const storages = rowsOf(await pve.get('/nodes/pve1/storage'));
    expect(storages.map(({ enabled, shared }) => [enabled, shared])).toContainEqual([1, 1]);
  });

  test('the extjs format is 200 always and tells success inside', async () => {
    const text = await exchange(requestText('GET', '/version').replace('/api2/json', '/api2/extjs'));
    expect(text).toContain('"success":1');
    const failed = await exchange(
      requestText('GET', '/nodes/pve1/qemu/555/config').replace('/api2/json', '/api2/extjs'),
    );
    expect(failed).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(failed).toContain('"status":500');
  });
});

describe('what is refused before an endpoint is looked for', () => {
  test.each([
    ['a body on DELETE', 'DELETE', ['Content-Length: 3'], 'a=1', "501 Unexpected content for method 'DELETE'"],
    ['a body on GET', 'GET', ['Content-Length: 3'], 'a=1', "501 Unexpected content for method 'GET'"],
    [
      'a chunked body',
      'PUT',
      ['Transfer-Encoding: chunked'],
      '3\r\na=1\r\n0\r\n\r\n',
      '501 chunked transfer encoding not supported',
    ],
    ['too large a body', 'PUT', ['Content-Length: 524289'], '', '501 for data too large'],
    [
      'another content type',
      'PUT',
      ['Content-Type: text/plain', 'Content-Length: 3'],
      'a=1',
      "506 upload 'Content-Type 'text/plain' not implemented",
    ],
    ['HEAD', 'HEAD', [], '', "501 method 'HEAD' not available"],
    ['OPTIONS', 'OPTIONS', [], '', "501 method 'OPTIONS' not available"],
    ['PATCH', 'PATCH', [], '', "501 method 'PATCH' not available"],
    ['a method nobody knows', 'FOO', [], '', "501 method 'FOO' not available"],
  ])('%s', async (_, method, headers, body, expected) => {
    const text = await exchange(requestText(method, '/nodes/pve1/qemu/9000/config', headers, body));
    expect(text).toContain(`HTTP/1.1 ${expected}`);
    expect(text.toLowerCase()).toContain('connection: close');
    if (expected.includes('not available')) expect(text.split('\r\n\r\n')[1]).toBe('');
  });

  test.each(['-5', 'abc'])('a Content-Length of %s counts as none', async (length) => {
    const headers = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${length}`];
    const text = await exchange(requestText('PUT', '/nodes/pve1/qemu/9000/config', headers, 'cores=1'));
    expect(text).toContain('HTTP/1.1 500 no options specified');
  });

  test.each([
    ['//api2/json/version', "500 no such file '/json/version'"],
    ['/api3/json/version', "500 no such file '/api3/json/version'"],
    ['/api2/xml/version', '501 no formatter for uri /version, xml'],
    ['/api2', '501 no such uri'],
    ['/api2/json/nodes/%20/qemu', "501 Method 'GET /nodes/ /qemu' not implemented"],
  ])('%s', async (path, expected) => {
    const text = await exchange(requestText('GET', '/version').replace('/api2/json/version', path));
    expect(text).toContain(`HTTP/1.1 ${expected}`);
  });

  test('an URI that does not exist, and one that is not played, are told apart', async () => {
    expect((await pve.get('/nope')).reason).toBe("Method 'GET /nope' not implemented");
    expect((await pve.get('/nodes/pve3/lxc/101/config')).reason).toBe(
      'pve-sim does not play GET /nodes/pve3/lxc/101/config',
    );
  });
});

describe('bodies and parameters', () => {
  const put = (body: string, type: string): string =>
    requestText(
      'PUT',
      '/nodes/pve1/qemu/9000/config',
      [`Content-Type: ${type}`, `Content-Length: ${body.length}`],
      body,
    );
  const FORM = 'application/x-www-form-urlencoded';

  test('JSON is read as well as forms, booleans included', async () => {
    expect(await exchange(put('{"cores":3,"onboot":true}', 'application/json'))).toMatch(/^HTTP\/1\.1 200/);
    expect(objectOf(await pve.get('/nodes/pve1/qemu/9000/config'))).toMatchObject({ cores: 3, onboot: 1 });
  });

  test('what is no JSON is answered in the parser’s words', async () => {
    const words = async (body: string): Promise<string> =>
      /^HTTP\/1\.1 (.*) at \/usr/.exec(await exchange(put(body, 'application/json')))?.[1] ?? '';
    expect(await words('{"cores":1}x')).toBe('500 garbage after JSON object, at character offset 11 (before "x")');
    expect(await words('[1]')).toBe('500 Not a HASH reference');
    expect(await words('"x"')).toBe(`500 Can't use string ("x") as a HASH ref while "strict refs" in use`);
  });

  test('a semicolon parts pairs, so it has to be encoded', async () => {
    expect(await exchange(put('description=a;bogus=1', FORM))).toContain('"bogus":"property is not defined in schema');
    expect(await exchange(put('tags=a%3Bb', FORM))).toMatch(/^HTTP\/1\.1 200/);
  });

  test('a second equals sign ends the value, so it has to be encoded', async () => {
    expect(await exchange(put('boot=order=scsi0', FORM))).toContain(
      'boot.legacy: value does not match the regex pattern',
    );
    expect(await exchange(put('boot=order%3Dscsi0', FORM))).toMatch(/^HTTP\/1\.1 200/);
  });

  test('a repeated key is a list: joined where a list is expected, refused elsewhere', async () => {
    expect(await exchange(put('tags=x&tags=y', FORM))).toMatch(/^HTTP\/1\.1 200/);
    expect(objectOf(await pve.get('/nodes/pve1/qemu/9000/config'))['tags']).toBe('x;y');
    expect(await exchange(put('cores=1&cores=2', FORM))).toContain("type check ('integer') failed - got ARRAY");
  });

  test('a parameter that contradicts the path is refused', async () => {
    const reply = await pve.get('/nodes/pve1/qemu/9000/config', { vmid: 9001 });
    expect(reply.errors).toEqual({ vmid: 'duplicate parameter (already defined in URI) with conflicting values!' });
  });
});

describe('connections', () => {
  test('an idle connection is closed after 5 s', async () => {
    const connection = open();
    connection.socket.write(requestText('GET', '/version'));
    await connection.answers(1);
    const started = performance.now();
    await connection.closed;
    const seconds = (performance.now() - started) / 1000;
    expect(seconds).toBeGreaterThan(4);
    expect(seconds).toBeLessThan(7);
  });

  test('stay open, without a word on how long', async () => {
    const text = (await exchange(requestText('GET', '/version'))).toLowerCase();
    expect(text).toContain('connection: keep-alive');
    expect(text).not.toMatch(/^keep-alive:/m);
  });

  test('are closed for HTTP/1.0, unless it asks for more', async () => {
    const old = (...headers: string[]): string => requestText('GET', '/version', headers).replace('/1.1', '/1.0');
    const once = open();
    once.socket.write(old());
    await once.closed;
    expect(once.text()).toContain('Connection: close');
    const kept = open();
    kept.socket.write(old('Connection: keep-alive'));
    await kept.answers(1);
    kept.socket.write(old('Connection: keep-alive'));
    await kept.answers(2);
    expect(kept.text()).not.toContain('Connection: close');
    kept.socket.destroy();
  });

  test('the hundredth answer on a connection closes it', async () => {
    const connection = open();
    for (let count = 1; count <= 100; count += 1) {
      connection.socket.write(requestText('GET', '/version'));
      await connection.answers(count);
    }
    await connection.closed;
    const closing = connection
      .text()
      .toLowerCase()
      .split('http/1.1 ')
      .filter((answer) => answer.includes('connection: close'));
    expect(closing).toHaveLength(1);
  });

  test('plain HTTP on the TLS port is sent to https', async () => {
    const connection = open(false);
    connection.socket.write(requestText('GET', '/version'));
    await connection.closed;
    expect(connection.text()).toContain('HTTP/1.1 301 Moved Permanently');
    expect(connection.text().toLowerCase()).toContain('location: https://pve/api2/json/version');
  });

  test('large answers are compressed for those who ask for it', async () => {
    const plain = await exchange(requestText('GET', '/cluster/resources'));
    const packed = await exchange(requestText('GET', '/cluster/resources', ['Accept-Encoding: gzip']));
    expect(plain.toLowerCase()).not.toContain('content-encoding');
    expect(packed.toLowerCase()).toContain('content-encoding: gzip');
    const deflated = await exchange(requestText('GET', '/cluster/resources', ['Accept-Encoding: deflate']));
    expect(deflated.toLowerCase()).toContain('content-encoding: deflate');
  });

  test('plain HTTP with HEAD is refused like HEAD anywhere', async () => {
    const connection = open(false);
    connection.socket.write(requestText('HEAD', '/version'));
    await connection.closed;
    expect(connection.text()).toContain("HTTP/1.1 501 method 'HEAD' not available");
    expect(connection.text().toLowerCase()).toContain('connection: close');
  });
});

describe('who is not known', () => {
  const tell = async (headers: readonly string[]): Promise<{ text: string; seconds: number }> => {
    const started = simulator.clock.now();
    const text = await exchange(
      `GET /api2/json/version HTTP/1.1\r\nHost: pve\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    );
    return { text, seconds: (simulator.clock.now() - started) / 1000 };
  };

  test.each([
    ['nobody', [], '401 No ticket'],
    ['a wrong secret', ['Authorization: PVEAPIToken=virtrigaud@pve!vrtg=no'], '401 Authentication failed!'],
    ['an unknown token', ['Authorization: PVEAPIToken=virtrigaud@pve!x=no'], '401 Authentication failed!'],
    ['another scheme', ['Authorization: Bearer x'], '401 No ticket'],
  ])('%s is refused after 3 s, without a body', async (_, headers, expected) => {
    const { text, seconds } = await tell(headers);
    expect(text).toContain(`HTTP/1.1 ${expected}`);
    expect(text).toMatch(/content-length: 0/i);
    expect(seconds).toBeGreaterThan(2.9);
  });
});

test('older versions take smaller bodies, no JSON booleans, and tell the message in the phrase alone', async () => {
  const old = await startSimulator({ cluster: 'one-node', profile: '7.4', timeScale: 50, tls: false });
  const ask = async (type: string, body: string) => {
    const headers = { authorization: `PVEAPIToken=${old.rootToken.id}=${old.rootToken.secret}`, 'content-type': type };
    const url = `${old.nodes[0]?.url ?? ''}/api2/json/nodes/pve/qemu/9000/config`;
    const answer = await request(url, { method: 'PUT', headers, body });
    return { reason: answer.statusText, text: await answer.body.text() };
  };
  try {
    expect(await ask('application/x-www-form-urlencoded', `x=${'a'.repeat(64 * 1024)}`)).toMatchObject({
      reason: 'for data too large',
    });
    expect((await ask('application/json', '{"onboot":true}')).text).toBe(
      `{"data":null,"errors":{"onboot":"type check ('boolean') failed - got JSON::PP::Boolean"}}`,
    );
    expect((await ask('application/x-www-form-urlencoded', 'x=1')).text).not.toContain('message');
  } finally {
    await old.stop();
  }
});
