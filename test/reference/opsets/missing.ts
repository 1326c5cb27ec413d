/**
 * What the runtime (onnxruntime 1.30 on CPU, level `disabled`) has not of opsets 18 to 25, as ONNX's node tests show it:
 * which cases, what is said of them, why, and how many. The test holds this table to the letter.
 */

export interface Missing {
  readonly cases: RegExp;
  /** What the engine says, or for cases that run with other numbers, `null`. */
  readonly says: RegExp | null;
  readonly reason: string;
  readonly count: number;
}

export const MISSING: readonly Missing[] = [
  { cases: /test_image_decoder_/, says: /has no ImageDecoder/, reason: 'no ImageDecoder', count: 9 },
  { cases: /test_roialign_/, says: /has no RoiAlign/, reason: 'no RoiAlign 22', count: 3 },
  { cases: /test_top_k_uint64/, says: /has no TopK/, reason: 'no TopK over uint64', count: 1 },
  {
    cases: /test_bernoulli/,
    says: /has no RandomUniformLike/,
    reason: 'no RandomUniformLike 22, of which Bernoulli is made (random)',
    count: 6,
  },
  {
    cases: /test_(gru|lstm|simple_rnn)_batchwise/,
    says: /Batchwise recurrent operations/,
    reason: 'no batch-first recurrent layers',
    count: 3,
  },
  {
    cases: /test_reduce_max_empty_set_bool/,
    says: /not defined for empty set/,
    reason: 'no ReduceMax over no truth values',
    count: 1,
  },
  {
    cases: /test_attention\w*_bf16/,
    says: /has no (Expand|Add|Pad)|bound to different types/,
    reason: 'no bfloat16 arithmetic',
    count: 10,
  },
  {
    cases: /test_attention\w*_window/,
    says: /Unrecognized attribute: left_window_size/,
    reason: 'no windowed Attention of opset 25',
    count: 11,
  },
  {
    cases: /test_attention_4d_diff_heads_mask4d_padded_kv/,
    says: /inconsistent total_sequence_length/,
    reason: 'no Attention with padded keys and a longer mask',
    count: 1,
  },
  {
    cases: /test_castlike_\w*FLOAT4E2M1/,
    says: /has no Cast/,
    reason: 'no Cast with 4-bit floats',
    count: 8,
  },
  {
    cases: /test_castlike_\w*INT[24]/,
    says: /cannot hand over/,
    reason: 'integers of 2 and 4 bits cannot be fed from Node',
    count: 40,
  },
  {
    cases: /test_resize_downsample_scales_(cubic|linear)_align_corners/,
    says: null,
    reason: 'it places corners by another rule',
    count: 2,
  },
  {
    cases: /test_maxunpool_export_with_output_shape/,
    says: null,
    reason: 'it places the values by another rule',
    count: 1,
  },
  { cases: /test_training_dropout/, says: null, reason: 'draws random numbers', count: 4 },
  {
    cases: /test_attention_4d_with_past_and_present_qk_matmul_bias_[34]d_mask_causal$/,
    says: null,
    reason: 'it masks the scores it gives out, the tests do not',
    count: 2,
  },
];
