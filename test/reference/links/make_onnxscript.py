"""Writes test/fixtures/links/onnxscript/model.onnx from the ONNX Script functions beside it."""
import os
import sys

import onnx

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures", "links", "onnxscript")
sys.path.insert(0, FOLDER)

import fn  # noqa: E402

onnx.save(fn.two_layers.to_model_proto(), os.path.join(FOLDER, "model.onnx"))
