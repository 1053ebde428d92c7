const NEWLINE = 0x0a;

/** Bytes of the longest line that is kept: the SDK's own limit. */
const MAX_LINE_BYTES = 10_485_760;

/**
 * Splits a stream of bytes into lines. The returned function takes the chunks.
 * @param onLine gets each line without its line feed; `undefined` for a line over the limit, which is dropped
 */
export function toLines(onLine: (line: Buffer | undefined) => void, maxBytes = MAX_LINE_BYTES) {
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size <= maxBytes) parts.push(part);
    else parts = [];
  };
  return (chunk: Buffer): void => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      const [only = Buffer.alloc(0)] = parts;
      const line = size > maxBytes ? undefined : parts.length > 1 ? Buffer.concat(parts) : only;
      parts = [];
      size = 0;
      onLine(line);
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  };
}
