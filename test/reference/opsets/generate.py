"""Writes cases.zip: the node tests of pip's onnx whose own opset is 18 to 25, laid out as libonnx-testdata lays out its own.

Each case is NAME/model.onnx with NAME/test_data_set_N/input_I.pb and output_I.pb; opsets.json says each case's opset.
Needs onnx 1.23 and numpy: python generate.py
"""

import io
import json
import pathlib
import warnings
import zipfile

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")
OPSETS = range(18, 26)


def opset_of(model):
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def serialised(value, info):
    """A data set's value as the bytes of the message its declared type stands for."""
    if isinstance(value, onnx.TensorProto):
        return value.SerializeToString()
    kind = info.type.WhichOneof("value")
    if kind == "map_type":
        return numpy_helper.from_dict(value, info.name).SerializeToString()
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name).SerializeToString()
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name).SerializeToString()
    return numpy_helper.from_array(numpy.asarray(value), info.name).SerializeToString()


def main():
    opsets = {}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def put(path, data):
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)

        for case in sorted(collect_testcases(None), key=lambda found: found.name):
            opset = opset_of(case.model)
            if opset not in OPSETS:
                continue
            opsets[case.name] = opset
            put(f"{case.name}/model.onnx", case.model.SerializeToString(deterministic=True))
            graph = case.model.graph
            for number, (inputs, outputs) in enumerate(case.data_sets or []):
                for part, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
                    for index, value in enumerate(values):
                        put(f"{case.name}/test_data_set_{number}/{part}_{index}.pb", serialised(value, infos[index]))
        put("opsets.json", json.dumps(opsets, indent=1, sort_keys=True))
    (pathlib.Path(__file__).parent / "cases.zip").write_bytes(target.getvalue())
    print(len(opsets), "cases,", len(target.getvalue()), "bytes, onnx", onnx.__version__)


main()
