/** Image files to pixels: PNG and JPEG, eight bits a channel, RGBA. */
import * as jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe } from '../base/errors';
import { badData } from './errors';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row-major, four bytes a pixel: red, green, blue, alpha. */
  readonly rgba: Uint8Array;
}

/** Pixels beyond this are refused: a small file can claim to be enormous. */
const MOST_PIXELS = 100_000_000;
const MOST_JPEG_MEGABYTES = 1024;

/** Whether a name looks like an image this can read. */
export function isImageName(name: string): boolean {
  return /\.(png|jpe?g)$/i.test(name);
}

/** Decodes by content, not by name. Throws `bad-data`. */
export function decodeImage(bytes: Uint8Array, name: string): Pixels {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng(bytes, name);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes, name);
  throw badData(`${name} is neither a PNG nor a JPEG image.`, 'Save the picture as PNG or JPEG.');
}

function decodePng(bytes: Uint8Array, name: string): Pixels {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 24 && header.getUint32(16) * header.getUint32(20) > MOST_PIXELS) throw tooLarge(name);
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes), { checkCRC: true });
    return { width, height, rgba: new Uint8Array(data) };
  } catch (error) {
    throw badData(`${name} is not a whole PNG image (${describe(error)}).`, 'Save it again.', error);
  }
}

function decodeJpeg(bytes: Uint8Array, name: string): Pixels {
  try {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      maxResolutionInMP: MOST_PIXELS / 1e6,
      maxMemoryUsageInMB: MOST_JPEG_MEGABYTES,
    });
    return { width, height, rgba: data };
  } catch (error) {
    throw badData(`${name} is not a whole JPEG image (${describe(error)}).`, 'Save it again.', error);
  }
}

function tooLarge(name: string): Error {
  return badData(
    `${name} claims to have more than ${String(MOST_PIXELS / 1e6)} million pixels.`,
    'Make it smaller.',
  );
}
