"""Writes goldens for gradients of the sample models: what PyTorch's autograd, in double precision, makes of them.

The weights come from the committed .onnx files: parameters by their names, and matrices that the exporter transposed by
their shapes in the order of use; a model whose output then differs from onnxruntime's is refused. For the digits also
integrated gradients as Captum computes them (Gauss-Legendre nodes on [0, 1], baseline 0): the error of their sum by the
number of steps, in float64, so that none of it is rounding.
Needs torch, numpy, onnx, onnxruntime and pillow: python samples.py
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).parent
SAMPLES = HERE.parents[2] / "media/samples"
STEPS = [5, 10, 20, 50, 100, 200, 400]
torch.set_num_threads(1)


def python_model(name, *args):
    sys.path.insert(0, str(SAMPLES / name))
    for module in ("model", "data", "language", "facts", "world", "mnist"):
        sys.modules.pop(module, None)
    spec = importlib.util.spec_from_file_location(f"{name}_model", SAMPLES / name / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    return module.build(*args).eval()


def load_weights(model, graph):
    """Fills the model's state from the graph's initializers."""
    initializers = {t.name: torch.tensor(numpy_helper.to_array(t)) for t in graph.initializer}
    state = model.state_dict()
    used = [name for node in graph.node for name in node.input if name in initializers]
    spare = [n for n in dict.fromkeys(used) if n not in state and initializers[n].dim() == 2 and initializers[n].is_floating_point()]
    filled = {}
    for key, tensor in state.items():
        if key in initializers and initializers[key].shape == tensor.shape:
            filled[key] = initializers[key]
        elif tensor.dim() == 2 and tensor.is_floating_point():
            match = next((n for n in spare if initializers[n].shape == tensor.shape[::-1]), None)
            match = match or next((n for n in spare if initializers[n].shape == tensor.shape), None)
            if match is not None:
                spare.remove(match)
                filled[key] = initializers[match].T if initializers[match].shape == tensor.shape[::-1] else initializers[match]
    model.load_state_dict({**state, **filled})
    return model


def picture(name):
    pixels = np.asarray(Image.open(SAMPLES / name).convert("L"), dtype=np.float64) / 255
    return torch.tensor((pixels - 0.1307) / 0.3081)[None, None]


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def golden(name, onnx_name, model, feed, index, embedding=None):
    """The gradient of one logit at the input, or at what the module `embedding` gives for tokens. Without an index: of the
    largest logit at the last position."""
    loaded = onnx.load(SAMPLES / name / onnx_name)
    load_weights(model, loaded.graph)
    session = onnxruntime.InferenceSession(str(SAMPLES / name / onnx_name))
    sample = session.get_inputs()[0].name
    output = session.get_outputs()[0].name
    theirs = session.run([output], {sample: feed.numpy().astype(np.float32) if feed.is_floating_point() else feed.numpy()})[0]
    index = index or [0, *([feed.shape[1] - 1] if theirs.ndim == 3 else []), int(theirs.reshape(-1, theirs.shape[-1])[-1].argmax())]
    held = []
    if embedding is not None:
        module = dict(model.named_modules())[embedding]
        module.register_forward_hook(lambda _m, _i, out: (out.requires_grad_(), held.append(out), out.retain_grad())[-1])
    single = model(feed.float() if feed.is_floating_point() else feed)
    single = single[0] if isinstance(single, tuple) else single
    worst = (single.detach() - torch.tensor(theirs)).abs().max().item() / np.abs(theirs).max()
    if worst > 1e-4:
        print(f"{name}: the weights were not found (outputs differ by {worst:.2g})")
        return None
    model.double()
    held.clear()
    x = feed.double().requires_grad_() if feed.is_floating_point() else feed
    y = model(x)
    y = y[0] if isinstance(y, tuple) else y
    y[tuple(index)].backward()
    at = held[0] if embedding is not None else x
    print(name, worst)
    return {
        "sample": name,
        "model": onnx_name,
        "input": sample,
        "integers": not feed.is_floating_point(),
        "dims": list(feed.shape),
        "feed": rounded(feed) if feed.is_floating_point() else feed.flatten().tolist(),
        "objective": f"{output}[{','.join(map(str, index))}]",
        "value": y[tuple(index)].item(),
        "gradient": rounded(at.grad),
    }


def integrated(model, x, index, steps):
    """Attributions and the error of their sum, as Captum's IntegratedGradients(method="gausslegendre") has them."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    nodes, weights = (torch.tensor(numbers).reshape(-1, 1, 1, 1) / 2 for numbers in (nodes + 1, weights))
    at = (x * nodes).requires_grad_()
    model(at)[:, index[-1]].sum().backward()
    attribution = (weights * at.grad).sum(0, keepdim=True) * x
    with torch.no_grad():
        change = (model(x)[tuple(index)] - model(torch.zeros_like(x))[tuple(index)]).item()
    return attribution, attribution.sum().item() - change, change


def main():
    tokens = lambda name: torch.tensor([json.loads((SAMPLES / name / "prompts.jsonl").read_text().splitlines()[0])["ids"]])
    goldens = [
        golden("digits", "digits.onnx", python_model("digits"), picture("digits/images/7.png"), [0, 7]),
        golden("sparse", "sparse.onnx", python_model("sparse"), picture("sparse/images/3.png"), [0, 3]),
        golden("gridworld", "gridworld.onnx", python_model("gridworld"),
               torch.tensor(np.load(SAMPLES / "gridworld/states.npy")[:1].astype(np.float64)), [0, 1]),
        golden("indirect-object", "indirect-object.onnx", python_model("indirect-object", 257), tokens("indirect-object"), [0, 14, 232], "embed"),
        golden("induction", "induction.onnx", python_model("induction"), torch.tensor([[3, 7, 5, 9, 3, 7]]), [0, 5, 5], "embed"),
    ]
    for name, feed in {"capitals": tokens("capitals"), "honesty": tokens("honesty"), "modular-addition": torch.tensor([[37, 90, 113]])}.items():
        graph = onnx.load(SAMPLES / name / f"{name}.onnx").graph
        sizes = [t.dims[0] for t in graph.initializer if t.name in ("embed.weight", "embed.token.weight")]
        goldens.append(golden(name, f"{name}.onnx", python_model(name, *sizes), feed, None, "embed"))
    model = load_weights(python_model("digits"), onnx.load(SAMPLES / "digits/digits.onnx").graph).double()
    convergence = []
    for digit in range(10):
        x = picture(f"digits/images/{digit}.png")
        label = int(model(x).argmax())
        rows = [integrated(model, x, [0, label], steps)[1:] for steps in STEPS]
        convergence.append({"digit": digit, "label": label, "change": rows[0][1], "errors": [error for error, _ in rows]})
        print(digit, [f"{abs(error):.4f}" for error, _ in rows])
    x = picture("digits/images/7.png")
    attribution = rounded(integrated(model, x, [0, 7], 50)[0])
    lines = ",\n".join(json.dumps(each) for each in goldens if each is not None)
    body = json.dumps({"steps": STEPS, "digits": convergence, "attribution": attribution})
    (HERE / "samples.json").write_text(f'{{"goldens": [\n{lines}\n],\n"integrated": {body}}}\n')


main()
