/**
 * Writes protobuf's wire format into one growing buffer: varints, fixed32, bytes, nested messages.
 * It knows nothing of ONNX. A nested message is written in place and its length put in front when it ends, so nothing
 * is encoded twice and no message is measured beforehand.
 */

const utf8 = new TextEncoder();

export class ProtobufWriter {
  #bytes = new Uint8Array(1 << 14);
  #length = 0;

  /** The bytes written so far, as a view of their own size. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A varint field: an int32, int64 or enum; negative numbers take ten bytes, as protobuf has it. */
  int(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  /** A float field. */
  float(field: number, value: number): void {
    this.#tag(field, 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  string(field: number, value: string): void {
    this.#tag(field, 2);
    // Nearly every string of a model is short ASCII: encoding straight into the buffer spares an allocation each.
    const most = value.length * 3;
    this.#reserve(most + 5);
    if (most < 128) {
      const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#length + 1));
      this.#bytes[this.#length] = written;
      this.#length += written + 1;
    } else {
      const encoded = utf8.encode(value);
      this.#varint(encoded.length);
      this.#append(encoded);
    }
  }

  /** A string field, left out when empty. */
  text(field: number, value: string): void {
    if (value !== '') this.string(field, value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#append(value);
  }

  /** A nested message: `body` writes its fields. */
  message(field: number, body: () => void): void {
    this.#tag(field, 2);
    this.#reserve(1);
    const start = ++this.#length;
    body();
    const size = this.#length - start;
    const extra = varintSize(size) - 1;
    this.#reserve(extra);
    if (extra > 0) this.#bytes.copyWithin(start + extra, start, this.#length);
    this.#length = start - 1;
    this.#varint(size);
    this.#length = start + extra + size;
  }

  /** A packed repeated int64 field; nothing when empty. */
  packedInts(field: number, values: readonly (number | bigint)[]): void {
    if (values.length > 0) this.message(field, () => values.forEach((value) => this.#varint(value)));
  }

  /** A packed repeated float field; nothing when empty. */
  packedFloats(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const encoded = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, index) => encoded.setFloat32(index * 4, value, true));
    this.bytes(field, new Uint8Array(encoded.buffer));
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      let rest = value;
      while (rest >= 128) {
        this.#bytes[this.#length++] = (rest % 128) | 128;
        rest = Math.floor(rest / 128);
      }
      this.#bytes[this.#length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #append(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
