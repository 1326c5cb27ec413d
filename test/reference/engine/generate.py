"""Writes goldens for captures and interventions: tiny random models as ONNX by both of PyTorch's exporters, and what
PyTorch's own forward hooks see and do there.

Per model in models/: NAME-dynamo.onnx and NAME-script.onnx; in goldens.json a feed, the outputs, what modules give out
(read by a forward hook), and the outputs after a forward hook has changed a module's value. Which ONNX value a module
gives is found on another input than the one the goldens are of, by equal numbers and shape.
Needs torch, onnx, onnxruntime, onnxscript and transformers: python generate.py
"""

import io
import json
import pathlib
import sys
import warnings

sys.modules["torchvision"] = None
warnings.filterwarnings("ignore")

import numpy
import onnx
import onnxruntime
import torch
import transformers as t
from torch import nn

HERE = pathlib.Path(__file__).parent / "models"
CAPTURES = 14
INTERVENED = 4


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()
        self.two = nn.Conv2d(width, width, 3, padding=1)
        self.out = nn.ReLU()

    def forward(self, x):
        return self.out(x + self.two(self.act(self.norm(self.one(x)))))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(6), nn.MaxPool2d(2), Block(6))
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(10)
        self.gru = nn.GRU(10, 6, batch_first=True)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.gru(self.norm(self.lstm(torch.tanh(self.first(x)))[0]))[0])


class Tokens(nn.Module):
    def __init__(self, model, **extra):
        super().__init__()
        self.model = model
        self.extra = extra

    def forward(self, x):
        # Without a mask the code looks for packed sequences, which one exporter cannot write.
        return self.model(input_ids=x, attention_mask=torch.ones_like(x), **self.extra).logits


class Pixels(Tokens):
    def forward(self, x):
        return self.model(pixel_values=x).logits


def models():
    small = dict(attn_implementation="eager")
    ids = lambda: torch.randint(0, 29, (1, 6))
    yield "cnn", CNN(), lambda: torch.randn(2, 3, 12, 12)
    yield "recurrent", Recurrent(), lambda: torch.randn(1, 5, 4)
    config = t.GPT2Config(n_embd=16, n_head=2, n_layer=2, n_positions=8, vocab_size=29, **small)
    yield "gpt2", Tokens(t.GPT2LMHeadModel(config), use_cache=False), ids
    config = t.LlamaConfig(hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2,
                           num_hidden_layers=2, vocab_size=29, max_position_embeddings=16, **small)
    yield "llama", Tokens(t.LlamaForCausalLM(config), use_cache=False), ids
    config = t.BertConfig(hidden_size=16, intermediate_size=24, num_attention_heads=2, num_hidden_layers=2,
                          vocab_size=29, max_position_embeddings=8, **small)
    yield "bert", Tokens(t.BertForMaskedLM(config)), ids
    config = t.ViTConfig(hidden_size=16, intermediate_size=24, num_attention_heads=2, num_hidden_layers=2,
                         image_size=12, patch_size=4, num_labels=5, **small)
    yield "vit", Pixels(t.ViTForImageClassification(config)), lambda: torch.randn(1, 3, 12, 12)


def roughen(model):
    """Random weights large enough for every part to matter."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)


def export(model, x, file, dynamo):
    if dynamo:
        program = torch.onnx.export(model, (x,), dynamo=True, input_names=["x"], output_names=["y"], optimize=True,
                                    verbose=False)
        program.save(str(file), external_data=False)
    else:
        buffer = io.BytesIO()
        torch.onnx.export(model, (x,), buffer, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"])
        file.write_bytes(buffer.getvalue())
    loaded = onnx.load(file)
    # Metadata and stated shapes hold paths and are no part of what is proved.
    for entry in [*loaded.graph.node, *loaded.graph.value_info, *loaded.graph.input, *loaded.graph.output, loaded.graph]:
        del entry.metadata_props[:]
    for node in loaded.graph.node:
        node.doc_string = ""
    onnx.save(loaded, file)
    return loaded


def first(value):
    while isinstance(value, (tuple, list)):
        value = value[0]
    return value if torch.is_tensor(value) else getattr(value, "last_hidden_state", None)


def with_first(value, changed):
    if torch.is_tensor(value):
        return changed
    return type(value)([changed, *value[1:]]) if isinstance(value, (tuple, list)) else None


def hooked(model, x):
    """What every module gives, by its name, and the model's output."""
    seen = {}

    def watch(name):
        def hook(module, inputs, out):
            tensor = first(out)
            if tensor is not None and tensor.dtype == torch.float32:
                seen.setdefault(name, tensor.detach().clone())

        return hook

    hooks = [module.register_forward_hook(watch(name)) for name, module in model.named_modules() if name]
    with torch.no_grad():
        y = model(x)
    for hook in hooks:
        hook.remove()
    return seen, y


def intervened(model, name, x, change):
    def hook(module, inputs, out):
        return with_first(out, change(first(out).clone()))

    handle = dict(model.named_modules())[name].register_forward_hook(hook)
    with torch.no_grad():
        y = model(x)
    handle.remove()
    return y


def values_of(loaded, x):
    graph = onnx.ModelProto()
    graph.CopyFrom(loaded)
    made = [out for node in loaded.graph.node for out in node.output if out and out != "y"]
    graph.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options)
    names = ["y", *made]
    return dict(zip(names, session.run(names, {"x": x.numpy()})))


def same(value, tensor):
    return value.shape == tuple(tensor.shape) and value.dtype == numpy.float32 and bool(
        numpy.abs(value - tensor.numpy()).max() < 1e-5 * numpy.abs(value).max())


def matches(loaded, seen, x):
    """Module name -> ONNX value, where one value alone, or the first of several equal ones, has its numbers."""
    values = values_of(loaded, x)
    order = [out for node in loaded.graph.node for out in node.output if out]
    found = {}
    taken = set()
    for name, tensor in seen.items():
        value = next((value for value in order if value != "y" and same(values[value], tensor)), None)
        # A module that hands on what another gave (dropout when evaluating) is one place in the graph.
        if value is not None and value not in taken:
            found[name] = value
            taken.add(value)
    return found


def rounded(tensor):
    return [float(f"{number:.9g}") for number in tensor.flatten().tolist()]


def changes(tensor):
    """Interventions on a value of this shape: (kind, slice of the site's text, operand, what the hook does)."""
    rank = tensor.dim()
    unit = 1 if rank == 4 else rank - 1
    noise = torch.randn(tensor.shape)
    last = torch.randn(tensor.shape[-1])
    at = lambda axis, index: tuple([slice(None)] * axis + [index])

    def fixed(place, value):
        def change(out):
            out[place] = value
            return out

        return change

    def times(place, factor):
        def change(out):
            out[place] = out[place] * factor
            return out

        return change

    yield "scale", "", -1.5, lambda out: out * -1.5
    yield "scale", "#1", 0.0, times(at(unit, 1), 0.0)
    yield "set", "#0,2", 0.75, fixed(at(unit, [0, 2]), 0.75)
    yield "add", "", last, lambda out: out + last
    yield "replace", "", noise, lambda out: noise.clone()
    if rank == 3:
        yield "set", "@position=1", -0.5, fixed(at(1, 1), -0.5)
        yield "scale", "@position=-1#3", 4.0, times((slice(None), -1, 3), 4.0)
    if rank == 4:
        yield "set", "@(1,2)", 2.0, fixed((slice(None), slice(None), 1, 2), 2.0)
        yield "scale", "#3@(0,1)", -3.0, times((slice(None), 3, 0, 1), -3.0)


def golden(name, exporter, model, loaded, draw, site_input):
    seen, _ = hooked(model, site_input)
    found = matches(loaded, seen, site_input)
    torch.manual_seed(11)
    x = draw()
    seen, y = hooked(model, x)
    names = list(found)
    kept = names[:: max(1, -(-len(names) // CAPTURES))]
    interventions = []
    for module in kept[:: max(1, -(-len(kept) // INTERVENED))]:
        for kind, slices, operand, change in changes(seen[module]):
            after = intervened(model, module, x, change)
            value = {"dims": list(operand.shape), "data": rounded(operand)} if torch.is_tensor(operand) else operand
            interventions.append({"module": module, "kind": kind, "site": found[module], "slices": slices,
                                  "operand": value, "y": rounded(after)})
    print(name, exporter, len(found), "of", len(seen), "modules found;", len(kept), "kept;", len(interventions))
    return {
        "name": name,
        "exporter": exporter,
        "x": {"dims": list(x.shape), "dtype": "int64" if x.dtype == torch.int64 else "float32", "data": rounded(x)},
        "y": {"dims": list(y.shape), "data": rounded(y)},
        "captures": [{"module": module, "site": found[module], "dims": list(seen[module].shape),
                      "data": rounded(seen[module])} for module in kept],
        "interventions": interventions,
    }


def main():
    HERE.mkdir(exist_ok=True)
    goldens = []
    for name, model, draw in models():
        torch.manual_seed(5)
        model.eval()
        roughen(model)
        for exporter in ("dynamo", "script"):
            torch.manual_seed(7)
            x = draw()
            file = HERE / f"{name}-{exporter}.onnx"
            loaded = export(model, x, file, exporter == "dynamo")
            goldens.append(golden(name, exporter, model, loaded, draw, x))
    lines = ",\n".join(json.dumps(entry) for entry in goldens)
    (HERE / "goldens.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
