"""Exports the models of test/fixtures/links and writes down where each node really came from.

    python make_truth.py CASE...        (default: every folder, surgery/* and nasty/* too, with a build() in model.py, build.py, network.py, train.py)

The truth owes nothing to the linker. While PyTorch traces a model, every operation's Python frames are inspected as it
is recorded: the innermost frame in the person's own files is the call. A module's constructor call is found the same
way, when it is constructed. Operations reach ONNX nodes through the exporter's own mapping (`fx_node`), and for
TorchScript through a second, verbose export of the same model, whose doc strings hold the tracer's Python stack.

Files are copied to /home/researcher/NAME first, so that the traces name a foreign machine's paths.
Writes, per case: dynamo.onnx, raw.onnx (optimize=False), torchscript.onnx, and a NAME.truth.json beside each.
"""
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
import warnings

import onnx
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "fixtures", "links")
HOME = "/home/researcher"
ENTRIES = ("build", "model", "network", "train")

warnings.filterwarnings("ignore")


def tolerate_torchvision():
    """A torchvision built for another PyTorch cannot register its operators; none of these models uses them."""
    register = torch.library.register_fake

    def register_fake(op, *args, **kwargs):
        if isinstance(op, str) and op.startswith("torchvision::"):
            return lambda fn: fn
        return register(op, *args, **kwargs)

    torch.library.register_fake = register_fake


tolerate_torchvision()


def place(frame, root):
    """File, line and column of the instruction a frame is executing."""
    positions = list(frame.f_code.co_positions())
    line, _, column, _ = positions[frame.f_lasti // 2]
    return {"file": os.path.relpath(frame.f_code.co_filename, root), "line": frame.f_lineno, "column": column}


def is_own(frame, root):
    name = frame.f_code.co_filename
    return name.startswith(root + os.sep) and frame.f_code.co_name != "<module>"


class Recorder:
    """Inspects frames as modules are constructed and as operations are recorded."""

    def __init__(self, root):
        self.root = root
        self.constructed = {}
        self.alive = []

    def own_frame(self, frame):
        while frame is not None and not is_own(frame, self.root):
            frame = frame.f_back
        return frame

    def on_init(self, module, frame):
        """`frame` runs nn.Module.__init__ of `module`: walk out of all constructors of this very object."""
        while frame is not None and frame.f_locals.get("self") is module and frame.f_code.co_name == "__init__":
            frame = frame.f_back
        # A class made inside a helper such as `functools.partial` has no frame of its own: this is the caller.
        if frame is not None and frame.f_code.co_filename.startswith(self.root + os.sep):
            module.__dict__["_made_at"] = place(frame, self.root)
        else:
            module.__dict__["_made_at"] = None

    def on_operation(self, frame):
        """Call place, and the module run by a library below it."""
        own = self.own_frame(frame)
        module = None
        while frame is not None and frame is not own:
            candidate = frame.f_locals.get("self")
            if module is None and isinstance(candidate, nn.Module) and frame.f_code.co_name in ("forward", "_conv_forward"):
                module = candidate
            frame = frame.f_back
        if own is None:
            return {"call": None, "definition": None, "functional": True}
        # Only a module whose forward ran below the person's frame is what that line called.
        definition = module.__dict__.get("_made_at") if module is not None else None
        return {"call": place(own, self.root), "definition": definition, "functional": module is None}


def patched(recorder):
    """Installs the inspection; returns the function that removes it."""
    from torch.fx.proxy import TracerBase

    init = nn.Module.__init__
    create = TracerBase.create_node

    def module_init(self, *args, **kwargs):
        init(self, *args, **kwargs)
        recorder.on_init(self, sys._getframe(1))

    def create_node(self, *args, **kwargs):
        node = create(self, *args, **kwargs)
        if node.op == "call_function" and recorder.own_frame(sys._getframe(1)) is not None:
            custom = dict(node.meta.get("custom") or {})
            custom.setdefault("truth", json.dumps(recorder.on_operation(sys._getframe(1))))
            node.meta["custom"] = custom
        return node

    nn.Module.__init__ = module_init
    TracerBase.create_node = create_node

    def undo():
        nn.Module.__init__ = init
        TracerBase.create_node = create

    return undo


def metadata(node, key):
    return next((p.value for p in node.metadata_props if p.key == key), None)




PREFIX = os.path.dirname(os.path.dirname(os.path.dirname(torch.__path__[0])))


def neutral(text):
    """Library paths as they would read on the researcher's machine."""
    return text.replace(PREFIX, f"{HOME}/venv/lib").replace(sys.base_prefix, "/usr")


def save(model, path):
    """Saves with neutral library paths and nothing else changed."""
    for node in model.graph.node:
        node.doc_string = neutral(node.doc_string)
        for prop in node.metadata_props:
            prop.value = neutral(prop.value)
    for prop in model.metadata_props:
        prop.value = neutral(prop.value)
    onnx.save(model, path)


def truth_of_program(program, path):
    program.save(path)
    model = onnx.load(path)
    save(model, path)
    by_name = {}
    graph = program.exported_program.graph if program.exported_program is not None else None
    for node in graph.nodes if graph is not None else []:
        truth = (node.meta.get("custom") or {}).get("truth")
        if truth is not None:
            by_name[node.name] = json.loads(truth)
    rows = []
    for index, node in enumerate(model.graph.node):
        fx = re.match(r"%(\S+) :", metadata(node, "pkg.torch.onnx.fx_node") or "")
        truth = by_name.get(fx.group(1)) if fx else None
        rows.append(row(index, node, truth, metadata(node, "pkg.onnxscript.rewriter.rule_name")))
    return rows


def row(index, node, truth, rule=None):
    made = {"index": index, "node": node.name, "op": node.op_type, "known": truth is not None and truth["call"] is not None}
    if truth is not None:
        made.update(call=truth["call"], definition=truth["definition"], functional=truth["functional"])
        if truth.get("unsure"):
            made["unsure"] = True
    if rule:
        made["rule"] = rule
    return made


DOC = re.compile(r"^(\S.*)\((\d+)\): (\S+)$")


def truth_of_verbose(path, verbose_path, model, root):
    """Frames from the verbose export; the module from the graph scope, by PyTorch's own `named_modules`."""
    plain, verbose = onnx.load(path), onnx.load(verbose_path)
    assert [n.output for n in plain.graph.node] == [n.output for n in verbose.graph.node]
    modules = dict(model.named_modules(remove_duplicate=False))
    rows = []
    for index, node in enumerate(verbose.graph.node):
        frames = [m.groups() for m in map(DOC.match, (node.doc_string or "").splitlines()) if m]
        truth = None
        inside = False
        for name, line, func in frames:
            if name.startswith(root + os.sep):
                truth = {"call": {"file": os.path.relpath(name, root), "line": int(line)}, "functional": not inside, "definition": None}
                break
            inside = inside or (func == "forward" and "/nn/modules/" in name or func == "forward" and "site-packages" in name)
        if truth is not None and not truth["functional"]:
            path_ = scope_path(node.name)
            found = next((modules[p] for p in (path_, re.sub(r"_\d+$", "", path_)) if p in modules), None)
            if found is None:
                # A module called by `.forward` leaves a scope of its own name only: its weights say which it is.
                owners = [i.rsplit(".", 1)[0] for i in node.input if i.rsplit(".", 1)[0] in modules]
                found = modules[owners[0]] if owners else None
            if found is None or found is model:
                # The scope does not say which module of no name it was: the call is known, the definition is not.
                truth["unsure"] = True
            else:
                truth["definition"] = found.__dict__.get("_made_at")
        rows.append(row(index, plain.graph.node[index], truth))
    return rows


def scope_path(name):
    parts, previous = [], ""
    for part in [p for p in name.split("/")[:-1] if p]:
        parts.append(part[len(previous) + 1:] if previous and part.startswith(previous + ".") else part)
        previous = part
    return ".".join(parts)


def write(folder, name, rows):
    with open(os.path.join(folder, name + ".truth.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    known = sum(r["known"] for r in rows)
    print(f"  {name}: {len(rows)} nodes, truth for {known}")


def fresh(folder, root):
    for name in [m for m, v in sys.modules.items() if getattr(v, "__file__", None) and v.__file__.startswith(HOME + os.sep)]:
        del sys.modules[name]
    sys.path.insert(0, root)
    try:
        for entry in ENTRIES:
            if os.path.exists(os.path.join(root, entry + ".py")):
                module = importlib.import_module(entry)
                if hasattr(module, "build"):
                    torch.manual_seed(0)
                    model, args = module.build()
                    return model.eval(), args
    finally:
        sys.path.remove(root)
    raise SystemExit(f"{folder} has no build()")


def run(case, base=FIXTURES):
    source = os.path.join(base, case)
    root = os.path.join(HOME, os.path.basename(case))
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("*.onnx", "*.json", "__pycache__"))
    print(case)
    recorder = Recorder(root)
    undo = patched(recorder)
    try:
        for name, optimize in (("dynamo", True), ("raw", False)):
            model, args = fresh(source, root)
            try:
                program = torch.onnx.export(model, args, dynamo=True, optimize=optimize, verbose=False)
                write(source, name, truth_of_program(program, os.path.join(source, name + ".onnx")))
            except Exception:
                print(f"  {name}: not exported\n{traceback.format_exc(limit=-2)}")
        model, args = fresh(source, root)
        try:
            path, verbose = os.path.join(source, "torchscript.onnx"), "/tmp/verbose.onnx"
            torch.onnx.export(model, args, path, dynamo=False, opset_version=17)
            with open(os.devnull, "w") as quiet:
                stdout, sys.stdout = os.dup(1), quiet
                os.dup2(quiet.fileno(), 1)
                torch.onnx.export(model, args, verbose, dynamo=False, opset_version=17, verbose=True)
                os.dup2(stdout, 1)
                sys.stdout = sys.__stdout__
            write(source, "torchscript", truth_of_verbose(path, verbose, model, root))
        except Exception:
            sys.stdout = sys.__stdout__
            print(f"  torchscript: not exported\n{traceback.format_exc(limit=-2)}")
    finally:
        undo()


if __name__ == "__main__":
    cases = sys.argv[1:] or sorted(
        d for d in os.listdir(FIXTURES)
        + [f"{group}/{name}" for group in ("surgery", "nasty") for name in os.listdir(os.path.join(FIXTURES, group))]
        if any(os.path.exists(os.path.join(FIXTURES, d, e + ".py")) for e in ENTRIES)
    )
    # Each in a process of its own: a model may replace PyTorch's own functions.
    for case in cases:
        if len(cases) == 1:
            run(case)
        else:
            subprocess.run([sys.executable, os.path.abspath(__file__), case], check=True)
