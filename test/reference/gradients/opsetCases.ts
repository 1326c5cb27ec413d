/** Cases of ONNX's own node tests at opsets 18 to 25 that end without an agreeing gradient, and why. */
import { EXCEPTIONS, type Exception } from './cases';

/** Types that the checker (or the runtime under Node) hands over no numbers of. */
const UNCARRIED =
  /Unsupported tensor type|Tensor.type is not supported|tensor's data must be type|tensor\(float16\)/;

export const OPSET_EXCEPTIONS: readonly Exception[] = [
  ...EXCEPTIONS.filter(([name]) => !/simple\\\/|pytorch/.test(name.source)),
  [/test_castlike_/, UNCARRIED, 'types that Node’s runtime hands over none of'],
  [/test_castlike_(DOUBLE|FLOAT)_to/, /^disagrees by Infinity/, 'the examples hold infinities'],
  [/test_bernoulli/, /implementation for RandomUniformLike/, 'the runtime has none of opset 22 (random)'],
  [/_bf16/, UNCARRIED, 'bfloat16: the runtime hands none over'],
  [/test_split_to_sequence/, /Non tensor/, 'sequences: the runtime hands out no such values in Node'],
  [/test_roialign/, /implementation for RoiAlign/, 'the runtime has no RoiAlign of opset 22'],
  [/test_attention\w*_window|test_attention_local/, /invalid model/, 'the runtime has no windowed Attention'],
  [/test_attention_4d_diff_heads_mask4d_padded_kv/, /Attention node/, 'the runtime refuses the case itself'],
  [/test_attention\w*nonpad(?!\w*_expanded)/, /nonpad_kv_seqlen/, 'refused: a length per row'],
  [
    /test_attention\w*(fullymasked|nan_robustness|structural_empty_expanded|poison|window_gqa_rank4_mask_expanded)/,
    /^disagrees/,
    'scores of -Infinity: differences of infinities say nothing',
  ],
  [/test_attention\w*qk_matmul_bias_[34]d_mask_causal_expanded/, /^disagrees/, 'its scores hold -Infinity'],
];
