/**
 * The Python that records what each module of a PyTorch model gives, for `recording.ts` to read. Kept as one text: it is
 * pasted into a person's own script, so it needs torch and numpy alone, and changes nothing of the model.
 */

/** Where it writes to, unless told otherwise. */
export const RECORDING = 'activations.npz';

export const RECORDER = `import copy
import inspect

import numpy as np
import torch


def record(model, *args, file="activations.npz", floor=True, **kwargs):
    """Runs a model once and saves what each module gave, by its path, for Patchclamp to compare an export with.

    Call it as you call the model: record(model.eval(), image). With \`floor\` it runs a second time in double
    precision, so that rounding can be told from a real difference.
    """

    def tensors(output):
        parts = output.values() if isinstance(output, dict) else output
        parts = parts if isinstance(parts, (list, tuple)) else [output] if torch.is_tensor(output) else list(parts)
        return [part.detach().clone() for part in parts if torch.is_tensor(part)]

    def run(model, args, kwargs):
        kept, calls, hooks = {}, {}, []

        def keep(path):
            def hook(module, inputs, output):
                calls[path] = calls.get(path, -1) + 1
                key = f"module:{path}@{calls[path]}" if calls[path] else f"module:{path}"
                for index, tensor in enumerate(tensors(output)):
                    kept[f"{key}[{index}]" if index else key] = tensor

            return hook

        for path, module in model.named_modules():
            if path:
                hooks.append(module.register_forward_hook(keep(path)))
        try:
            with torch.no_grad():
                for index, tensor in enumerate(tensors(model(*args, **kwargs))):
                    kept[f"output:{index}"] = tensor
        finally:
            for hook in hooks:
                hook.remove()
        return kept

    def array(tensor):
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()

    bound = inspect.signature(model.forward).bind(*args, **kwargs).arguments
    saved = {f"input:{name}": array(value) for name, value in bound.items() if torch.is_tensor(value)}
    kept = run(model, args, kwargs)
    saved.update({key: array(tensor) for key, tensor in kept.items()})
    if floor:
        double = lambda x: x.double() if torch.is_tensor(x) and x.is_floating_point() else x
        try:
            exact = run(copy.deepcopy(model).double(), [double(x) for x in args], {k: double(x) for k, x in kwargs.items()})
            for key in kept.keys() & exact.keys():
                error = torch.linalg.vector_norm(kept[key].double() - exact[key].double())
                norm = torch.linalg.vector_norm(exact[key].double())
                saved[f"floor:{key}"] = np.float64((error / norm).item() if norm else 0.0)
        except (RuntimeError, TypeError) as problem:
            print(f"No floor: the model does not run in double precision ({problem}).")
    np.savez(file, **saved)
    print(f"{file}: {len(kept)} tensors of {type(model).__name__}")
`;

/** The recorder with a last line that calls it, for a model whose inputs have these names. */
export function recorderScript(inputs: readonly string[], file: string): string {
  const names = inputs.map((name) => name.replace(/\W/g, '_')).join(', ');
  return `${RECORDER}

record(model.eval(), ${names || 'example'}, file=${JSON.stringify(file)})
`;
}
