// Parameters that name users, groups, roles, realms and tokens.
import { groupIdFormat, privilegeFormat, realmFormat, roleIdFormat, userIdFormat } from './access-formats.ts';
import { listText, optional, type Property, text } from './property.ts';

export const userid: Property = text({ format: userIdFormat, maxLength: 64 });
export const tokenid: Property = text({ pattern: /[A-Za-z][A-Za-z0-9.\-_]+/ });
export const groupid: Property = text({ format: groupIdFormat });
export const roleid: Property = text({ format: roleIdFormat });
export const realm: Property = text({ format: realmFormat, maxLength: 32 });
export const privileges: Property = listText(privilegeFormat);
/** A user or a whole token. */
export const authid: Property = optional(
  text({ pattern: /[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+(?:![A-Za-z][A-Za-z0-9.\-_]+)?/ }),
);
