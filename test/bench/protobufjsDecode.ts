/**
 * The peer of the reading bench: a whole model decoded by protobufjs, as most JavaScript tools do it. Run alone in a
 * process: prints milliseconds and added resident memory as JSON. The schema is onnx-buf's, handed over as a descriptor.
 */
import { readFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { file_onnx } from 'onnx-buf';
import * as protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor';
import { residentBytes } from './memory';

const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file_onnx.proto] }));
const model = protobuf.Root.fromDescriptor(set).lookupType('onnx.ModelProto');
const before = residentBytes();
const start = performance.now();
const decoded = model.decode(readFileSync(process.argv[2] ?? '')) as unknown as {
  graph: { node: unknown[] };
};
const ms = performance.now() - start;
process.stdout.write(
  JSON.stringify({ ms, bytes: residentBytes() - before, nodes: decoded.graph.node.length }),
);
