/** RFC 3339 in UTC. */
const MOMENT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
/** The provider's last sentence about what it has tried before. */
const NEXT_TRY = / It is tried again after \S+Z.*$/;

/** But for the moments they name, and for when it is tried again: that is no news each time. */
export function saysTheSame(one: string, other: string): boolean {
  return news(one) === news(other);
}

function news(message: string): string {
  return message.replace(NEXT_TRY, '').replaceAll(MOMENT, '');
}
