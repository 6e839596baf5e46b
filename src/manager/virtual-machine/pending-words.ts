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
  return listed(wordsOf(pending)) ?? 'what is pending';
}

/** The same without these; undefined where nothing is left. */
export function otherPendingWords(pending: string, left: readonly string[]): string | undefined {
  return listed(wordsOf(pending).filter((word) => !left.includes(word)));
}

export function isPending(pending: string, word: string): boolean {
  return wordsOf(pending).includes(word);
}

function wordsOf(pending: string): string[] {
  const keys = pending.split('; ').filter((key) => key !== '');
  return [...new Set(keys.map(wordFor))];
}

function listed(words: readonly string[]): string | undefined {
  const last = words.at(-1);
  const others = words.slice(0, -1);
  return others.length === 0 ? last : `${others.join(', ')} and ${last}`;
}

function wordFor(key: string): string {
  const found = WORDS.find(([pattern]) => pattern.test(key));
  return found === undefined ? key : key.replace(...found);
}
