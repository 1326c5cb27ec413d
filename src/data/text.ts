/** Text to token ids through the `tokenizer.json` beside a model, and back. */
import { Tokenizer } from '@huggingface/tokenizers';
import { describe } from '../base/errors';
import type { TensorData } from '../contract/tensor';
import type { Dtype } from '../tensor/dtype';
import { badData } from './errors';
import type { TokenField } from './tokenField';
import { toRawTyped } from './typed';

export interface Encoding {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  readonly mask: readonly number[];
  readonly types: readonly number[];
}

export class TextEncoderFile {
  private constructor(
    private readonly tokenizer: Tokenizer,
    readonly name: string,
  ) {}

  /** @param config bytes of `tokenizer_config.json`, where there is one */
  static open(bytes: Uint8Array, name: string, config?: Uint8Array): TextEncoderFile {
    try {
      const parse = (part: Uint8Array): object => JSON.parse(new TextDecoder().decode(part)) as object;
      return new TextEncoderFile(
        new Tokenizer(parse(bytes), config === undefined ? {} : parse(config)),
        name,
      );
    } catch (error) {
      throw badData(
        `${name} is not a tokenizer that can be read (${describe(error)}).`,
        'Save it with tokenizer.save("tokenizer.json").',
        error,
      );
    }
  }

  encode(text: string, addSpecial = true): Encoding {
    const {
      ids,
      tokens,
      attention_mask: mask,
      token_type_ids: types,
    } = this.tokenizer.encode(text, {
      add_special_tokens: addSpecial,
      return_token_type_ids: true,
    });
    return { ids, tokens, mask, types };
  }

  /** Each id as its own token, as shown in strips. */
  token(id: number): string {
    return this.tokenizer.id_to_token(id) ?? `#${String(id)}`;
  }
}

/** One row of tokens for an input; padded with `pad` or refused to fit `length`, where the model fixes it. A rank of 1 has no batch. */
export function tokenTensor(
  encoding: Encoding,
  field: TokenField,
  dtype: Dtype,
  length: number | null,
  pad = 0,
  rank = 2,
): TensorData {
  const values = {
    ids: encoding.ids,
    mask: encoding.mask,
    types: encoding.types,
    positions: encoding.ids.map((_, i) => i),
  }[field];
  if (length !== null && values.length > length) {
    throw badData(
      `The text has ${String(values.length)} tokens; the model takes ${String(length)}.`,
      'Shorten the text, or export the model with a dynamic sequence length.',
    );
  }
  const filler = field === 'ids' ? pad : 0;
  const row =
    length === null ? values : [...values, ...new Array<number>(length - values.length).fill(filler)];
  return {
    dtype,
    dims: rank === 1 ? [row.length] : [1, row.length],
    data: toRawTyped(dtype, row, row.length),
  };
}
