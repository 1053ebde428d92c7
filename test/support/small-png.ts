/// <reference lib="dom" />
import { crc32, deflateSync } from 'node:zlib';
import type { Page } from 'playwright-core';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLOURS = 256;

const toUint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function toChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([toUint32(data.length), body, toUint32(crc32(body))]);
}

/** Runs in a page, which can decode a PNG: its pixels, four bytes each, in base64. */
async function decode(png: string) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (context === null) throw new Error('there is no canvas');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let text = '';
  for (let at = 0; at < data.length; at += 32_768) text += String.fromCharCode(...data.subarray(at, at + 32_768));
  return { width, height, pixels: btoa(text) };
}

/** The colours that occur most, and for each colour the index of the nearest of them. */
function toPalette(pixels: Buffer) {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
  const kept = byCount.slice(0, MAX_COLOURS);
  const toParts = (colour: number) => [colour >> 16, (colour >> 8) & 255, colour & 255] as const;
  const distance = (one: number, other: number) => {
    const [parts, others] = [toParts(one), toParts(other)];
    return parts.reduce((sum, part, index) => sum + (part - (others[index] ?? 0)) ** 2, 0);
  };
  const toNearest = (colour: number) => {
    const distances = kept.map((other) => distance(colour, other));
    return distances.indexOf(Math.min(...distances));
  };
  return {
    colours: Buffer.from(kept.flatMap(toParts)),
    indexOf: new Map(byCount.map((colour, index) => [colour, index < kept.length ? index : toNearest(colour)])),
  };
}

/**
 * A picture of few colours, as pages are, with a palette: half the bytes.
 * @param page any page, in which the picture is decoded
 */
export async function toSmallPng(page: Page, png: Buffer): Promise<Buffer> {
  const { width, height, pixels: text } = await page.evaluate(decode, png.toString('base64'));
  const pixels = Buffer.from(text, 'base64');
  const { colours, indexOf } = toPalette(pixels);
  const rows = Buffer.alloc((width + 1) * height); // each row begins with its filter, which is none
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rows[y * (width + 1) + 1 + x] = indexOf.get(pixels.readUIntBE((y * width + x) * 4, 3)) ?? 0;
    }
  }
  // Eight bits a pixel, which are an index of the palette.
  const header = Buffer.concat([toUint32(width), toUint32(height), Buffer.from([8, 3, 0, 0, 0])]);
  const parts = [
    toChunk('IHDR', header),
    toChunk('PLTE', colours),
    toChunk('IDAT', deflateSync(rows, { level: 9 })),
    toChunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...parts]);
}
