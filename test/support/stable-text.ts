// What kubectl prints, without what is different every time: what is compared with a text that a person has read.
import { tableLines } from '#cli/vrtg/table';

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME'],
  [/\b[0-9a-f]{32}\b/g, 'DIGEST'],
  [/\b127\.0\.0\.1:\d+/g, 'PVE:PORT'],
  [/\b10\.\d+\.\d+\.\d+\b/g, 'ADDRESS'],
  [/(Resource Version: +)\d+/g, '$1N'],
];

/** An age as kubectl writes it, with how often an Event was seen. Clocks of tests are ahead of kubectl's. */
const AGE = /^(?:(?:\d+[smhd])+(?: \(x\d+ over (?:\d+[smhd])+\))?|<invalid>)$/;

/** @param vmid the one that counts here */
export function stableText(text: string, vmid: string | undefined): string {
  const lines = text.split('\n');
  const stable: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const isTable = /^(?:NAME| {2}Type) +[A-Z]/.test(lines[at] ?? '');
    const end = isTable ? lines.indexOf('', at) : at + 1;
    const block = lines.slice(at, end);
    stable.push(...(isTable ? tableAnew(block, vmid) : block.map((line) => withTokens(line, vmid))));
    at = end;
  }
  return stable.join('\n');
}

/** Cells of another length make columns of another width. */
function tableAnew(lines: readonly string[], vmid: string | undefined): string[] {
  const [heading = ''] = lines;
  const starts = [...heading.matchAll(/(?<=^ *|  )\S/g)].map(({ index }) => index);
  const rows = lines
    .filter((line) => !/^[ -]+$/.test(line))
    .map((line) => starts.map((from, column) => withTokens(line.slice(from, starts[column + 1]).trim(), vmid)));
  return tableLines(rows).map((line) => `${' '.repeat(starts[0] ?? 0)}${line}`);
}

function withTokens(text: string, vmid: string | undefined): string {
  if (AGE.test(text)) return 'AGE';
  const named = vmid === undefined ? text : text.replaceAll(new RegExp(`\\b${vmid}\\b`, 'g'), 'VMID');
  const replaced = VOLATILE.reduce((stable, [pattern, token]) => stable.replaceAll(pattern, token), named);
  // As `kubectl vm why` has it, with how often: whoever writes at the same time makes a visit happen twice.
  return replaced.replace(/^( +(?:! )? *)\d+[smhd] {2}/, '$1AGE  ').replace(/ \(\d+ times\)$/, '');
}
