// Holes as PNG files: one bit per pixel, so that a stroke costs little to send.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const HEADER_REST = [1, 0, 0, 0, 0]; // 1 bit, greyscale, deflate, the usual filters, not interlaced

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ rest >>> 1 : rest >>> 1;
  return rest;
});

function crc32(bytes) {
  let rest = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) rest = CRC_TABLE[(rest ^ bytes[i]) & 255] ^ rest >>> 8;
  return ~rest >>> 0;
}

/** A chunk of a PNG file: length, name, content, checksum of the name and the content. */
function chunk(name, content) {
  const bytes = new Uint8Array(content.length + 12);
  const numbers = new DataView(bytes.buffer);
  numbers.setUint32(0, content.length);
  bytes.set(Array.from(name, (letter) => letter.charCodeAt(0)), 4);
  bytes.set(content, 8);
  numbers.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}

function header(width, height) {
  const content = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, ...HEADER_REST]);
  const numbers = new DataView(content.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  return content;
}

/** Rows of the box, each a filter byte (0: none) and its pixels, eight to a byte. */
function packedRows({ data, width }, { left, top, right, bottom }) {
  const stride = 1 + Math.ceil((right - left) / 8);
  const rows = new Uint8Array(stride * (bottom - top));
  for (let y = top; y < bottom; y += 1) {
    const end = y * width + right;
    let i = y * width + left;
    let at = (y - top) * stride + 1;
    for (; i + 8 <= end; i += 8) {
      rows[at] = data[i] << 7 | data[i + 1] << 6 | data[i + 2] << 5 | data[i + 3] << 4
        | data[i + 4] << 3 | data[i + 5] << 2 | data[i + 6] << 1 | data[i + 7];
      at += 1;
    }
    for (let bit = 7; i < end; i += 1, bit -= 1) rows[at] |= data[i] << bit;
  }
  return rows;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The part of a hole in `box`, as the bytes of a mask image: a PNG file, white = repaint.
 *
 * `box`: `{left, top, right, bottom}` in photo pixels; without it, all of the hole.
 * @throws {RangeError} the box is empty or not in the photo.
 */
export async function encodeHole(hole, box = hole.everything) {
  const { left, top, right, bottom } = box;
  const inside = left >= 0 && top >= 0 && right <= hole.width && bottom <= hole.height;
  if (!(inside && left < right && top < bottom)) {
    throw new RangeError(`No part of the photo: ${left}, ${top} to ${right}, ${bottom}.`);
  }
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header(right - left, bottom - top)),
    chunk("IDAT", await deflated(packedRows(hole, box))),
    chunk("IEND", []),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Base64 text of any bytes. */
export function toBase64(bytes) {
  const pieces = [];
  for (let i = 0; i < bytes.length; i += 0x8000) { // a call takes only so many arguments
    pieces.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  }
  return btoa(pieces.join(""));
}
