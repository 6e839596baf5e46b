// PVE's names of options, in the words of people.

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(cores|sockets|vcpus|numa)$/, 'CPUs'],
  [/^(memory|balloon|shares)$/, 'memory'],
  [/^cpu$/, 'the CPU model'],
  [/^net(\d+)$/, 'network card $1'],
  [/^(?:scsi|virtio|sata|ide)(\d+)$/, 'disk $&'],
  [/^ipconfig(\d+)$/, 'the addresses of network card $1'],
  [/^machine$/, 'the machine type'],
  [/^bios$|^efidisk0$/, 'the firmware'],
  [/^tpmstate0$/, 'the TPM'],
  [/^agent$/, 'the guest agent'],
];

/** `pending` of Describe (`memory; cores; vcpus`) as part of a sentence: `memory and CPUs`. */
export function pendingWords(pending: string): string {
  const keys = pending.split('; ').filter((key) => key !== '');
  const words = [...new Set(keys.map(wordFor))];
  const last = words.pop();
  if (last === undefined) return 'what is pending';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}

export function isPending(pending: string, word: string): boolean {
  return pending.split('; ').some((key) => wordFor(key) === word);
}

function wordFor(key: string): string {
  const found = WORDS.find(([pattern]) => pattern.test(key));
  return found === undefined ? key : key.replace(...found);
}
