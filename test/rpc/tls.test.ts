import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '#domain/fault';
import type { ClientTls, ProviderClient } from '#rpc/client';
import type { Provider } from '#rpc/contract';
import { loadSecurity, type Security, type SecurityOptions } from '#rpc/credentials';
import type { Handlers } from '#rpc/service';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { type Ca, makeCa, type Pem } from '../support/certificates.ts';
import { faultOf, type Served, serve } from './support/serve.ts';
import { filesOf, type TlsFile, type TlsFolder, tlsFolder } from './support/tls-folder.ts';

const NAME = 'virtrigaud-provider-default-pve.default.svc.cluster.local';
const ok = { validate: async () => await Promise.resolve({ ok: true }) };

let ca: Ca;
let other: Ca;
let serverLeaf: Pem;
let manager: Pem;

beforeAll(async () => {
  [ca, other] = await Promise.all([makeCa(), makeCa('another CA')]);
  serverLeaf = await ca.leaf({ dns: [NAME] });
  manager = await ca.leaf({ dns: ['manager.virtrigaud-system.svc'], uri: ['spiffe://cluster/manager'], cn: 'manager' });
});

function load(directory: string, more: Partial<SecurityOptions> = {}): { security: Security; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({ write: (line) => void lines.push(line) });
  const security = loadSecurity({ directory, insecure: false, clock: createClock(), log, ...more });
  onTestFinished(() => security.stop());
  return { security, lines };
}

interface Secured extends Served {
  readonly folder: TlsFolder;
  readonly security: Security;
  readonly securityLines: string[];
  readonly as: (leaf: Pem, from?: Ca) => ProviderClient;
}

async function serveTls(
  allowedSans: string[] = [],
  clockFactor = 1,
  provider: Handlers<typeof Provider> = ok,
): Promise<Secured> {
  const folder = tlsFolder();
  folder.mount(filesOf(serverLeaf, ca));
  const { security, lines } = load(folder.path, { clock: createClock({ factor: clockFactor }) });
  const served = await serve(provider, { credentials: security.credentials, allowedSans });
  const as = (leaf: Pem, from: Ca = ca): ProviderClient => {
    const tls: ClientTls = { ca: from.cert, certificate: leaf.cert, key: leaf.key, serverName: NAME };
    return served.client({ tls });
  };
  return { ...served, folder, security, securityLines: lines, as };
}

/** The certificate and version a handshake ends with; rejects if the server refuses. */
async function handshake(
  { server }: Served,
  options: { leaf?: Pem; version?: 'TLSv1.2' | 'TLSv1.3' } = {},
): Promise<{ certificate: DetailedPeerCertificate; version: string | null }> {
  const { leaf = manager, version = 'TLSv1.3' } = options;
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: server.port,
    ca: ca.cert,
    cert: leaf.cert,
    key: leaf.key,
    servername: NAME,
    ALPNProtocols: ['h2'],
    minVersion: version,
    maxVersion: version,
  });
  onTestFinished(() => void socket.destroy());
  return await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve({ certificate: socket.getPeerCertificate(true), version: socket.getProtocol() });
    });
  });
}

describe('mTLS', () => {
  it('serves TLS 1.3 to a client with a certificate of the CA', async () => {
    const served = await serveTls();
    await expect(served.as(manager).validate({})).resolves.toMatchObject({ ok: true });
    expect((await handshake(served)).version).toBe('TLSv1.3');
  });

  it('refuses TLS 1.2, also after the leaf was reloaded', async () => {
    const served = await serveTls();
    await expect(handshake(served, { version: 'TLSv1.2' })).rejects.toThrow(/protocol version/i);
    const before = (await handshake(served)).certificate.fingerprint256;
    served.folder.mount(filesOf(await ca.leaf({ dns: [NAME] }), ca));
    served.security.reload();
    expect((await handshake(served)).certificate.fingerprint256).not.toBe(before);
    await expect(handshake(served, { version: 'TLSv1.2' })).rejects.toThrow(/protocol version/i);
    expect(served.securityLines.join('').match(/TLS handshake refused .*UNSUPPORTED_PROTOCOL/g)).toHaveLength(2);
  });

  it('still asks for a client certificate of its CA after the leaf was reloaded', async () => {
    const served = await serveTls();
    served.folder.mount(filesOf(await ca.leaf({ dns: [NAME] }), ca));
    served.security.reload();
    await expect(served.as(manager).validate({})).resolves.toMatchObject({ ok: true });
    const stranger = await other.leaf({ cn: 'manager' });
    expect((await faultOf(served.as(stranger).validate({}))).kind).toBe('unavailable');
  });

  it('takes over a changed leaf by itself, and keeps the connections there are', async () => {
    const served = await serveTls([], 200);
    const client = served.as(manager);
    await client.validate({});
    served.folder.mount(filesOf(await ca.leaf({ dns: [NAME] }), ca));
    await expect.poll(() => served.securityLines.join('')).toContain('TLS certificate reloaded');
    await expect(client.validate({})).resolves.toMatchObject({ ok: true });
  });

  it('keeps its leaf while the files do not fit together, and says so once', async () => {
    const served = await serveTls();
    const next = await ca.leaf({ dns: [NAME] });
    const before = (await handshake(served)).certificate.fingerprint256;
    served.folder.mount({ ...filesOf(next, ca), 'tls.key': serverLeaf.key });
    served.security.reload();
    served.security.reload();
    expect((await handshake(served)).certificate.fingerprint256).toBe(before);
    expect(served.securityLines.join('').match(/not reloaded, the old one stays/g)).toHaveLength(1);
    served.folder.mount(filesOf(next, ca));
    served.security.reload();
    expect((await handshake(served)).certificate.fingerprint256).not.toBe(before);
  });

  it.each<[string, () => Promise<Pem | undefined>, string]>([
    [
      'a client without a certificate',
      async () => await Promise.resolve(undefined),
      'PEER_DID_NOT_RETURN_A_CERTIFICATE',
    ],
    ['a certificate of another CA', async () => await other.leaf({ cn: 'manager' }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['a certificate for servers only', async () => await ca.leaf({ cn: 'manager', server: true }), 'INVALID_PURPOSE'],
  ])('refuses %s, and the log names the reason', async (_, make, reason) => {
    const served = await serveTls();
    const leaf = await make();
    const own = leaf === undefined ? {} : { certificate: leaf.cert, key: leaf.key };
    const fault = await faultOf(served.client({ tls: { ca: ca.cert, serverName: NAME, ...own } }).validate({}));
    expect(fault.kind).toBe('unavailable');
    expect(served.securityLines.join('')).toMatch(new RegExp(`WARN TLS handshake refused .*reason=\\S*${reason}\n`));
  });

  it('lets running calls finish when it drains, and does not wait for idle connections', async () => {
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const served = await serveTls([], 1, {
      create: async ({ name }) => {
        started.resolve();
        await gate.promise;
        return { id: name };
      },
    });
    await handshake(served);
    const answer = served.as(manager).create({ name: 'web' });
    await started.promise;
    const drained = served.server.drain({ finishMs: 60_000, stopMs: 60_000 });
    gate.resolve();
    expect((await answer).id).toBe('web');
    await drained;
  });

  it('a client refuses a server of another CA, or with another name', async () => {
    const served = await serveTls();
    const wrongCa = await faultOf(served.as(manager, other).validate({}));
    expect(wrongCa.message).toMatch(/certificate/i);
    const tls = { ca: ca.cert, certificate: manager.cert, key: manager.key, serverName: 'elsewhere.svc' };
    expect((await faultOf(served.client({ tls }).validate({}))).message).toMatch(/altnames/i);
  });
});

describe('the list of allowed names', () => {
  it.each([['manager.virtrigaud-system.svc'], ['spiffe://cluster/manager'], ['manager']])(
    'lets in %s',
    async (name) => {
      const served = await serveTls(['somebody', name]);
      await expect(served.as(manager).validate({})).resolves.toMatchObject({ ok: true });
    },
  );

  it('turns away every other certificate of the CA with PermissionDenied, by name, and tells the log', async () => {
    const served = await serveTls(['manager']);
    const stranger = await ca.leaf({ dns: ['intruder.svc'] });
    const fault = await faultOf(served.as(stranger).validate({}));
    expect(fault.kind).toBe('forbidden');
    expect(fault.message).toContain('"intruder.svc"');
    expect(served.lines.join('')).toMatch(/WARN gRPC request refused method=\/provider\.v1\.Provider\/Validate/);
  });

  it('turns everybody away as Unauthenticated where there are no certificates', async () => {
    const served = await serve(ok, { allowedSans: ['manager'] });
    expect((await faultOf(served.client().validate({}))).kind).toBe('unauthenticated');
  });
});

describe('loadSecurity', () => {
  const all: TlsFile[] = ['tls.crt', 'tls.key', 'ca.crt'];

  it.each(all)('without %s alone says that it is missing, also where plaintext is allowed', (missing) => {
    const folder = tlsFolder();
    const files = filesOf(serverLeaf, ca);
    folder.mount(Object.fromEntries(Object.entries(files).filter(([name]) => name !== missing)));
    const fault = startFault(() => load(folder.path, { insecure: true }));
    expect(fault.message).toBe(
      `TLS files in ${folder.path}: ${missing} is missing. Mount all of tls.crt, tls.key, ca.crt, or none.`,
    );
  });

  it('names two missing files', () => {
    const folder = tlsFolder();
    folder.mount({ 'tls.crt': serverLeaf.cert });
    expect(startFault(() => load(folder.path)).message).toContain('tls.key and ca.crt are missing');
  });

  it('without any of them asks for them, or for the setting that allows plaintext', () => {
    const folder = tlsFolder();
    expect(startFault(() => load(folder.path)).message).toBe(
      `TLS files in ${folder.path}: tls.crt, tls.key and ca.crt are missing. Mount them, or set VIRTRIGAUD_PROVIDER_INSECURE=true to serve without TLS.`,
    );
  });

  it('without any of them serves plaintext where that is allowed, with a warning', async () => {
    const { security, lines } = load(tlsFolder().path, { insecure: true });
    expect(security.mode).toBe('plaintext');
    expect(lines.join('')).toMatch(/WARN gRPC is served without TLS/);
    const served = await serve(ok, { credentials: security.credentials });
    await expect(served.client().validate({})).resolves.toMatchObject({ ok: true });
  });

  it('uses TLS where all are there, also where plaintext is allowed', () => {
    const folder = tlsFolder();
    folder.mount(filesOf(serverLeaf, ca));
    expect(load(folder.path, { insecure: true }).security.mode).toBe('mtls');
  });

  it.each<[string, Partial<Record<TlsFile, string>>, RegExp]>([
    ['a certificate that is none', { 'tls.crt': 'x' }, /tls\.crt and tls\.key cannot be used/],
    ["another certificate's key", { 'tls.key': '' }, /tls\.crt and tls\.key cannot be used/],
    ['a CA that is none', { 'ca.crt': 'x' }, /ca\.crt holds no certificate/],
  ])('refuses %s', (_, files, words) => {
    const folder = tlsFolder();
    folder.mount({ ...filesOf(serverLeaf, ca), ...files });
    expect(startFault(() => load(folder.path)).message).toMatch(words);
  });
});

function startFault(act: () => unknown): Fault {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
