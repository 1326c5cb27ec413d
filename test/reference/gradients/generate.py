"""Writes goldens for gradients: tiny random models as ONNX, their feeds, and what PyTorch's autograd makes of them.

Per model in models/: NAME.onnx, and in goldens.json the feeds, an objective, its value, the gradient at sites, and the
product of the Hessian at the input with a direction. Sites are graph inputs, and values inside that a probe added to a
module's output reaches under the module's name. Every model is made from a seed of its own (the CRC of its name), so that
neither their order nor their number changes any of them.
Needs torch, onnx, onnxscript and transformers: python generate.py [NAME ...]
"""

import json
import pathlib
import sys
import zlib

sys.modules["torchvision"] = None

import onnx
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent / "models"


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 12)
        self.second = nn.Linear(12, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(torch.tanh(self.second(nn.functional.gelu(self.first(x)))))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.two = nn.Conv2d(width, width, 3, padding=1, groups=2)

    def forward(self, x):
        return torch.relu(x + self.two(torch.relu(self.norm(self.one(x)))))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(4), nn.MaxPool2d(2), Block(4))
        self.head = nn.Linear(4, 5)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 5, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(10, 6, batch_first=True)
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.gru(self.lstm(x)[0])[0][:, -1])


class Logits(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(inputs_embeds=x, use_cache=False).logits


class Bert(Logits):
    def forward(self, x):
        return self.model(inputs_embeds=x, attention_mask=torch.ones(x.shape[:2], dtype=torch.int64)).logits


class Vit(Logits):
    def forward(self, x):
        return self.model(pixel_values=x).logits


def transformers_models():
    import transformers as t

    small = dict(attn_implementation="eager")
    def tokens():
        return torch.randn(1, 5, 16)

    def gpt():
        config = t.GPT2Config(n_embd=16, n_head=2, n_layer=2, n_positions=8, vocab_size=19, **small)
        return Logits(t.GPT2LMHeadModel(config)), tokens()

    def llama():
        config = t.LlamaConfig(hidden_size=16, intermediate_size=24, num_attention_heads=4, num_key_value_heads=2,
                               num_hidden_layers=2, vocab_size=19, max_position_embeddings=16, **small)
        return Logits(t.LlamaForCausalLM(config)), tokens()

    def bert():
        config = t.BertConfig(hidden_size=16, intermediate_size=24, num_attention_heads=2, num_hidden_layers=2,
                              vocab_size=19, max_position_embeddings=8, **small)
        return Bert(t.BertForMaskedLM(config)), tokens()

    def vit():
        config = t.ViTConfig(hidden_size=16, intermediate_size=24, num_attention_heads=2, num_hidden_layers=2,
                             image_size=8, patch_size=4, num_labels=5, **small)
        return Vit(t.ViTForImageClassification(config)), torch.randn(1, 3, 8, 8)

    return {"gpt2": (gpt, [0, -1, 7]), "llama": (llama, [0, -1, 7]), "bert": (bert, [0, 2, 7]), "vit": (vit, [0, 3])}


def models():
    return {
        "mlp": (lambda: (MLP(), torch.randn(2, 6)), [1, 3]),
        "cnn": (lambda: (CNN(), torch.randn(1, 3, 8, 8)), [0, 3]),
        "recurrent": (lambda: (Recurrent(), torch.randn(1, 4, 4)), [0, 3]),
        **transformers_models(),
    }


def inner_sites(model, x, onnx_model, session):
    """Values of the graph that equal, number for number, what one module gives."""
    held = []
    hooks = [module.register_forward_hook(lambda _, __, out: held.append(out[0] if isinstance(out, tuple) else out))
             for name, module in model.named_modules() if name]
    y = model(x)
    for hook in hooks:
        hook.remove()
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(names, {"x": x.detach().numpy()})))
    found = {}
    for tensor in held:
        if not torch.is_tensor(tensor) or not tensor.requires_grad:
            continue
        tensor.retain_grad()
        for name in names:
            value = torch.as_tensor(values[name])
            if value.shape == tensor.shape and value.dtype == tensor.dtype and name != "logits":
                if (value - tensor).abs().max() < 1e-5 * value.abs().max():
                    found.setdefault(name, tensor)
                    break
    return y, found


def main():
    import onnxruntime

    HERE.mkdir(exist_ok=True)
    kept_file = HERE / "goldens.json"
    known = {golden["name"]: golden for golden in json.loads(kept_file.read_text())} if kept_file.exists() else {}
    for name, (make, index) in models().items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        torch.manual_seed(zlib.crc32(name.encode()))
        model, x = make()
        model.eval()
        for parameter in model.parameters():
            with torch.no_grad():
                parameter.add_(torch.randn_like(parameter) * 0.1)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
        file = HERE / f"{name}.onnx"
        program = torch.onnx.export(model, (x,), dynamo=True, input_names=["x"], output_names=["logits"], optimize=True)
        program.save(str(file), external_data=False)
        loaded = onnx.load(file)
        for entry in list(loaded.graph.node) + list(loaded.graph.value_info) + [loaded.graph]:
            del entry.metadata_props[:]
        onnx.save(loaded, file)
        open_graph = onnx.ModelProto()
        open_graph.CopyFrom(loaded)
        for node in loaded.graph.node:
            open_graph.graph.output.extend(onnx.helper.make_empty_tensor_value_info(o) for o in node.output if o and o != "logits")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(open_graph.SerializeToString(), options)
        x = x.detach().requires_grad_()
        y, sites = inner_sites(model, x, loaded, session)
        objective = torch.log_softmax(y, -1)[tuple(index)]
        objective.backward(retain_graph=True)
        kept = dict(list(sites.items())[:: max(1, len(sites) // 6)])
        # What a second pass adds to the values inside is not the gradient: they are copied first.
        first = {site: t.grad.clone() for site, t in kept.items() if t.grad is not None}
        gradient = x.grad.clone()
        (slope,) = torch.autograd.grad(objective, x, create_graph=True)
        along = torch.randn_like(x)
        (curved,) = torch.autograd.grad((slope * along).sum(), x)
        rounded = lambda tensor: [float(f"{v:.9g}") for v in tensor.flatten().tolist()]
        known[name] = {
            "name": name,
            "x": {"dims": list(x.shape), "data": rounded(x.detach())},
            "objective": f"logprob(logits)[{','.join(map(str, index))}]",
            "value": objective.item(),
            "gradients": [{"site": "x", "data": rounded(gradient)}]
            + [{"site": site, "data": rounded(grad)} for site, grad in first.items()],
            "along": rounded(along),
            "hessian": rounded(curved),
        }
        print(name, file.stat().st_size, len(kept))
    lines = ",\n".join(json.dumps(known[name]) for name in models())
    kept_file.write_text(f"[\n{lines}\n]\n")


main()
