"""What the scripts of this folder share: Patchclamp's own recorder, and models that name nothing of the machine."""

import re
from pathlib import Path

import onnx

text = (Path(__file__).resolve().parents[3] / "src/compare/recorder.ts").read_text()
code = re.search(r"export const RECORDER = `(.*?)`;\n", text, re.S).group(1).replace("\\`", "`")
names = {}
exec(code, names)
record = names["record"]


def without_traces(file):
    """The model of a file without stack traces, which name folders of the machine that exported; written back too."""
    exported = onnx.load(file)
    for node in exported.graph.node:
        kept = [entry for entry in node.metadata_props if "trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    onnx.save(exported, file)
    return exported
