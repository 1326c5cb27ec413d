"""Writes down where each operation of the sample models really comes from: samples/NAME.json.

    python make_sample_truth.py [NAME...]

Each sample's own export.py exports the untrained model of its model.py while make_truth.py's recorder inspects the
Python frames behind every traced operation and every constructed module. Weights change nothing of it, so the truth
holds for each committed model of the sample; that its operations are the same ones is checked here, by name, operator
and arguments, before anything is written.

    {"operations": {NAME: [CALL, DEFINITION or null]}}   the operation of `fx_node`; places as "file:line:column"
    {"nodes": {FILE: [[CALL, DEFINITION] or null, ...]}}  TorchScript models, node by node; places as "file:line"

Places count lines from 1 and columns from 0. An operation that no frame of the sample's own files made has no entry.
"""
import contextlib
import glob
import importlib
import io
import json
import os
import re
import shutil
import sys
import tempfile

import onnx
import torch

import make_truth

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "..", "media", "samples")
IDS = torch.zeros(8, 12, dtype=torch.int64)
# How each sample builds its model and what its export() is given after the file.
CASES = {
    "capitals": (lambda m: m.build(tokens_of("capitals")), (IDS,)),
    "digits": (lambda m: m.build(), ()),
    "gridworld": (lambda m: m.build(), (torch.zeros(8, 4, 7, 7),)),
    "honesty": (lambda m: m.build(tokens_of("honesty")), (IDS,)),
    "indirect-object": (lambda m: m.build(tokens_of("indirect-object")), (IDS,)),
    "induction": (lambda m: m.build(), (IDS,)),
    "modular-addition": (lambda m: m.build(), (torch.zeros(8, 3, dtype=torch.int64),)),
    "sparse": (lambda m: m.build(), ()),
}
OPERATION = re.compile(r"%(\S+) : .*?\[target=([^\]]+)\](\(args = .*\))$")


def tokens_of(sample):
    with open(os.path.join(SAMPLES, sample, "tokenizer.json"), encoding="utf-8") as file:
        return max(json.load(file)["model"]["vocab"].values()) + 1


def operations_of(model):
    """Name -> (target, arguments without numbers) of every traced operation that a model's nodes name."""
    found = {}
    for node in model.graph.node:
        match = OPERATION.match(make_truth.metadata(node, "pkg.torch.onnx.fx_node") or "")
        if match:
            found[match[1]] = (match[2], re.sub(r"-?\d+(\.\d+)?(e-?\d+)?(?![\w])", "0", match[3]))
    return found


def spot(place, column=True):
    if place is None:
        return None
    return f"{place['file']}:{place['line']}" + (f":{place['column']}" if column else "")


def fresh(root, name):
    """The copy's own model.py and export.py, and no other sample's."""
    for module in [m for m, v in sys.modules.items() if str(getattr(v, "__file__", "")).startswith(os.path.dirname(root))]:
        del sys.modules[module]
    sys.path[:0] = [root]
    try:
        return importlib.import_module("model"), importlib.import_module("export")
    finally:
        sys.path.remove(root)


def run(name, home):
    build, extra = CASES[name]
    root = os.path.join(home, name)
    shutil.copytree(os.path.join(SAMPLES, name), root, ignore=shutil.ignore_patterns("*.onnx", "__pycache__", "weights"))
    recorder = make_truth.Recorder(root)
    undo = make_truth.patched(recorder)
    programs = []
    original = torch.onnx.export

    def kept(*args, **kwargs):
        programs.append(original(*args, **kwargs))
        return programs[-1]

    torch.onnx.export = kept
    try:
        model_module, export_module = fresh(root, name)
        export_module.report = lambda *args: None
        path = export_module.HERE / "truth.onnx"
        export_module.export(build(model_module), path, *extra)
    finally:
        torch.onnx.export = original
        undo()
    operations = {}
    for node in programs[-1].exported_program.graph.nodes:
        truth = json.loads((node.meta.get("custom") or {}).get("truth", "null"))
        if truth is not None and truth["call"] is not None:
            operations[node.name] = [spot(truth["call"]), spot(truth["definition"])]
    traced = operations_of(onnx.load(path))
    used, nobodys = set(), set()
    for file in sorted(glob.glob(os.path.join(SAMPLES, name, "**", "*.onnx"), recursive=True)):
        if "torchscript" in file:
            continue
        committed = operations_of(onnx.load(file))
        for operation, told in committed.items():
            if operation in operations:
                again = traced.get(operation)
                assert again is None or again == told, f"{file}: {operation} is {told}, here {again}"
                used.add(operation)
            else:
                nobodys.add(f"{operation} {told[0]}")
    if nobodys:
        print("  made by no frame of the sample's own:", ", ".join(sorted(nobodys)))
    result = {"operations": {key: value for key, value in operations.items() if key in used}}
    scripted = torchscript(name, root, build, extra, recorder)
    if scripted:
        result["nodes"] = scripted
    return result


def torchscript(name, root, build, extra, recorder):
    """Truth for the sample's TorchScript model: frames from the tracer's own stack, modules from PyTorch's own names."""
    files = glob.glob(os.path.join(SAMPLES, name, "*.torchscript.onnx"))
    if not files:
        return {}
    undo = make_truth.patched(recorder)
    try:
        model_module, export_module = fresh(root, name)
        export_module.report = lambda *args: None
        model = build(model_module)
    finally:
        undo()
    # Equal weights would be written once: trained ones never are.
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor))
    path = export_module.HERE / "truth.torchscript.onnx"
    stdout = os.dup(1)
    with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(io.StringIO()):
        os.dup2(quiet.fileno(), 1)
        try:
            export_module.export_torchscript(model, path, *extra)
        finally:
            os.dup2(stdout, 1)
    rows = make_truth.truth_of_verbose(str(path), str(path), model, root)
    made = onnx.load(path)
    nodes = {}
    for file in files:
        assert shape_of(onnx.load(file)) == shape_of(made), f"{file} has other nodes than its source makes now"
        nodes[os.path.basename(file)] = [
            [spot(r["call"], False), "?" if r.get("unsure") else spot(r["definition"], False)] if r["known"] else None
            for r in rows
        ]
    return nodes


def shape_of(model):
    """Nodes and how they hang together; constants the exporter computed have names of no meaning."""
    known = {o for n in model.graph.node for o in n.output}
    return [(n.op_type, n.name, [i for i in n.input if i in known], list(n.output)) for n in model.graph.node]


def main():
    out = os.path.join(HERE, "samples")
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        modules = os.path.join(home, "node_modules")
        os.symlink(os.path.abspath(os.path.join(SAMPLES, "..", "..", "node_modules")), modules)
        for name in sys.argv[1:] or sorted(CASES):
            print(name)
            result = run(name, home)
            lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in result["operations"].items()]
            text = '{"operations": {\n' + ",\n".join(lines) + "\n}"
            for file, rows in result.get("nodes", {}).items():
                text += f',\n"nodes": {{{json.dumps(file)}: [\n' + ",\n".join("  " + json.dumps(r) for r in rows) + "\n]}"
            with open(os.path.join(out, name + ".json"), "w") as file:
                file.write(text + "}\n")
            print(f"  {len(result['operations'])} operations, {sum(map(len, result.get('nodes', {}).values()))} TorchScript nodes")


if __name__ == "__main__":
    main()
