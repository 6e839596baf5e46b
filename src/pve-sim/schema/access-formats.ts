// Named formats of users, groups, roles, realms and tokens.
import { privilegesOf } from '../access/privileges.ts';
import type { Format } from './property.ts';

const NAME = /^[A-Za-z0-9.\-_]+$/;

export const userIdFormat: Format = {
  name: 'pve-userid',
  check: (value) => {
    if (value.length < 3) return `user name '${value}' is too short`;
    if (value.length > 64) return `user name '${value}' is too long (${value.length} > 64)`;
    return /^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+$/.test(value)
      ? undefined
      : `value '${value}' does not look like a valid user name`;
  },
};

export const tokenIdFormat: Format = {
  name: 'pve-tokenid',
  check: (value) =>
    /^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$/.test(value)
      ? undefined
      : `value '${value}' does not look like a valid token ID`,
};

export const groupIdFormat: Format = {
  name: 'pve-groupid',
  check: (value) => (NAME.test(value) ? undefined : `group name '${value}' contains invalid characters`),
};

export const roleIdFormat: Format = {
  name: 'pve-roleid',
  check: (value) => (NAME.test(value) ? undefined : `role name '${value}' contains invalid characters`),
};

export const privilegeFormat: Format = {
  name: 'pve-priv',
  check: (value, _name, profile) => (privilegesOf(profile).has(value) ? undefined : `invalid privilege '${value}'`),
};

/** An address or nothing at all. */
export const emailFormat: Format = {
  name: 'email-opt',
  check: (value) =>
    value === '' || /^[\w+\-~]+(?:\.[\w+\-~]+)*@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.?)+$/.test(value)
      ? undefined
      : 'value does not look like a valid email address',
};

export const realmFormat: Format = {
  name: 'pve-realm',
  check: (value) => (/^[A-Za-z][A-Za-z0-9.\-_]+$/.test(value) ? undefined : 'value does not look like a valid realm'),
};
