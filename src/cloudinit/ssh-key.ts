/** A public key and where it stands, for whoever has to correct it. */
export interface GivenKey {
  readonly text: string;
  readonly field: 'user_data' | 'meta_data';
  readonly line: number;
}

const KEY =
  /^(?<type>ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) (?<blob>\S+)(?: .*)?$/;

/** Whether a line is a key as `ssh-keygen` writes it: type first, no options, one line of ASCII. */
export function isBareKey(text: string): boolean {
  return KEY.test(text) && /^[\x20-\x7e]*$/.test(text) && text.trim() === text;
}

/** What is wrong with a bare key; undefined where PVE, which asks ssh-keygen, will take it. */
export function keyProblem(text: string): string | undefined {
  const { type = '', blob = '' } = KEY.exec(text)?.groups ?? {};
  const bytes = decodeBase64(blob);
  if (bytes === undefined) return 'what follows its type is not base64';
  // The blob repeats the type, behind its length in four bytes.
  const named = String.fromCharCode(...bytes.slice(4, 4 + type.length));
  const length = bytes[3] ?? 0;
  if (named !== type || length !== type.length) return 'what follows its type is not a key of that type';
  return bytes.length > 4 + type.length + 4 ? undefined : 'it is cut short';
}

function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
