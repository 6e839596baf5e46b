import { invalidSpec } from '#domain/fault';
import { z } from 'zod';

const secret = z.looseObject({
  data: z.record(z.string(), z.string()).nullish(),
  stringData: z.record(z.string(), z.string()).nullish(),
});

/** The entries of a Secret; `stringData` wins over `data`, as in Kubernetes. Throws `invalid-spec` naming the entry. */
export function secretEntries(value: unknown, document: number): Readonly<Record<string, Uint8Array>> {
  const parsed = secret.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidSpec(`document ${document}: ${issue?.path.join('.') ?? ''}`, issue?.message ?? 'it is no Secret');
  }
  const { data, stringData } = parsed.data;
  const texts = Object.entries(stringData ?? {}).map(([key, text]) => [key, new TextEncoder().encode(text)] as const);
  const binary = Object.entries(data ?? {}).map(([key, text]) => [key, decoded(key, text, document)] as const);
  return Object.fromEntries([...binary, ...texts]);
}

function decoded(key: string, text: string, document: number): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw invalidSpec(`document ${document}: data.${key}`, 'it is not base64', 'Encode it, or put it into stringData');
  }
}
