/** Recorded module paths as a model's own: whatever was wrapped, and as PyTorch's older exporter names modules. */
import assert from 'node:assert/strict';
import { pathsInModel } from '../../../src/compare/recordedPaths';

function lead(recorded: readonly string[], modules: readonly string[]): Record<string, string> {
  const rename = pathsInModel(recorded, new Map(modules.map((path) => [path, undefined])));
  return Object.fromEntries(recorded.map((path) => [path, rename(path)]));
}

describe('recorded paths', () => {
  it('stay as they are where the model has them', () => {
    assert.deepEqual(lead(['a', 'a.0', 'a.0@1'], ['a', 'a.0']), { a: 'a', 'a.0': 'a.0', 'a.0@1': 'a.0@1' });
  });

  it('lose or gain what one side was wrapped in', () => {
    assert.equal(lead(['m.stem.conv', 'm.head'], ['stem.conv', 'head'])['m.stem.conv'], 'stem.conv');
    assert.equal(lead(['stem.conv', 'head'], ['m.stem.conv', 'm.head'])['head'], 'm.head');
  });

  // Names of nodes that torch.onnx.export(dynamo=False) wrote for OPTForCausalLM, whose forward calls self.model.decoder.
  it('lose modules that were never called, as the older exporter names them', () => {
    const recorded = [
      'm.model.decoder.embed_positions',
      'm.model.decoder.layers.0.self_attn.q_proj',
      'm.model.decoder.layers.0.self_attn',
      'm.model.decoder.layers.0.fc1',
      'm.model.decoder.layers.0',
      'm.model.decoder.layers.1.fc1@1',
      'm.model.decoder.layers.1',
      'm.model.decoder',
      'm.lm_head',
      'm',
    ];
    const modules = [
      'm',
      'm.decoder',
      'm.decoder.embed_positions',
      'm.decoder.layers.0',
      'm.decoder.layers.0.self_attn',
      'm.decoder.layers.0.self_attn.q_proj',
      'm.decoder.layers.0.fc1',
      'm.decoder.layers.1',
      'm.lm_head',
    ];
    assert.deepEqual(lead(recorded, modules), {
      'm.model.decoder.embed_positions': 'm.decoder.embed_positions',
      'm.model.decoder.layers.0.self_attn.q_proj': 'm.decoder.layers.0.self_attn.q_proj',
      'm.model.decoder.layers.0.self_attn': 'm.decoder.layers.0.self_attn',
      'm.model.decoder.layers.0.fc1': 'm.decoder.layers.0.fc1',
      'm.model.decoder.layers.0': 'm.decoder.layers.0',
      'm.model.decoder.layers.1.fc1@1': 'm.decoder.layers.1.fc1@1',
      'm.model.decoder.layers.1': 'm.decoder.layers.1',
      'm.model.decoder': 'm.decoder',
      'm.lm_head': 'm.lm_head',
      m: 'm',
    });
  });
});
