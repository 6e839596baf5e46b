// Which paths an ACL may name (pve-behaviour 5.1).
import { type Profile, perProfile } from '../profiles/profile.ts';

/** A path as PVE writes it; undefined for what is none. */
export function normalisePath(path: string): string | undefined {
  const plain = `/${path}`.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return /^[\w./@-]+$/.test(plain) ? plain : undefined;
}

const NAME = '[A-Za-z0-9.\\-_]+';

const pattern = perProfile((profile: Profile): RegExp => {
  const levels = profile.has('nestedPools') ? 3 : 1;
  const sdn = ['controllers', 'dns', 'ipams', 'fabrics', 'vnets', 'zones'].map((kind) => `${kind}(?:/${NAME})?`);
  const bridges = profile.has('bridgesNeedSdnUse') ? [`zones/${NAME}/${NAME}(?:/[1-9][0-9]{0,3})?`] : [];
  const paths = [
    `access(?:/(?:groups|realm)(?:/${NAME})?)?`,
    `nodes(?:/${NAME})?`,
    `pool(?:/${NAME}){0,${levels}}`,
    `sdn(?:/(?:${[...bridges, ...sdn].join('|')}))?`,
    `storage(?:/${NAME})?`,
    'vms(?:/[1-9][0-9]{2,})?',
    ...(profile.has('mappings') ? [`mapping(?:/${NAME}){0,2}`] : []),
  ];
  return new RegExp(`^/(?:${paths.join('|')})?$`);
});

/** @param path in its normal form */
export function isAclPath(profile: Profile, path: string): boolean {
  return pattern(profile).test(path);
}
