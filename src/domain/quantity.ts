// Kubernetes quantities ("4Gi", "500M", 1073741824) as whole bytes.

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1000n,
  K: 1000n,
  M: 1000n ** 2n,
  G: 1000n ** 3n,
  T: 1000n ** 4n,
  P: 1000n ** 5n,
  E: 1000n ** 6n,
  Ki: 1024n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
  Ei: 1024n ** 6n,
};

/** What is one: `4Gi`, `1.5Gi`, `.5Gi`, `1e9`. Parts of a byte (`100m`) and what is negative are none here. */
export const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2}|[kKMGTPE]i?)?$/;

/** Bytes of a Kubernetes quantity, rounded up to a whole byte as Kubernetes does; undefined if it is not one. */
export function parseQuantity(value: string | number): number | undefined {
  const match = QUANTITY.exec(String(value).trim());
  if (match === null) return undefined;
  const [, amount = '', end = ''] = match;
  const unit = UNITS[end];
  const exponent = unit === undefined ? Number(end.slice(1)) : 0;
  // `ki` and the like look like units and are none.
  if (Number.isNaN(exponent)) return undefined;
  const [whole = '', decimals = ''] = amount.split('.');
  const scaled = BigInt(whole + decimals) * (unit ?? 1n) * 10n ** BigInt(Math.max(exponent, 0));
  const divisor = 10n ** BigInt(decimals.length + Math.max(-exponent, 0));
  const bytes = Number((scaled + divisor - 1n) / divisor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
