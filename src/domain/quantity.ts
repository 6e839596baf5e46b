// Kubernetes quantities ("4Gi", "500M", 1073741824) as whole bytes.

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1000n,
  K: 1000n,
  M: 1000n ** 2n,
  G: 1000n ** 3n,
  T: 1000n ** 4n,
  P: 1000n ** 5n,
  Ki: 1024n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
};

/**
 * Bytes of a Kubernetes quantity, rounded up to a whole byte as Kubernetes does; undefined if it is not one.
 * Decimals (`1.5Gi`) and exponents (`1e9`) are accepted, negative values and `m` are not.
 */
export function parseQuantity(value: string | number): number | undefined {
  const match = /^\+?(\d+)(?:\.(\d*))?(?:[eE](\d{1,2}))?([A-Za-z]{0,2})$/.exec(String(value).trim());
  if (match === null) return undefined;
  const [, whole = '0', decimals = '', exponent = '0', suffix = ''] = match;
  const unit = UNITS[suffix];
  if (unit === undefined) return undefined;
  const scaled = BigInt(whole + decimals) * unit * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(decimals.length);
  const bytes = Number((scaled + divisor - 1n) / divisor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
