const LINE_END = 0x0a;

/**
 * Cuts a stream of bytes into the lines of a watch, however the bytes come. Only `\n` ends a line: JSON may hold all other
 * characters that end lines elsewhere. What has no end is not told.
 */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let begun: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      const last = chunk.subarray(from, end);
      const line = begun.length === 0 ? last : Buffer.concat([...begun, last]);
      begun = [];
      from = end + 1;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  };
}
