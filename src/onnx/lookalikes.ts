/** What people open by mistake: recognised by its first bytes, so that the sentence can say what it is. */

export interface Lookalike {
  /** "a Git LFS pointer". */
  readonly what: string;
  readonly remedy: string;
}

const EXPORT = 'Export it to ONNX first.';

/** Recognises `head`, the first bytes of a file; null when nothing is known of it. */
export function looksLike(head: Uint8Array): Lookalike | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (text.startsWith('version https://git-lfs')) {
    return { what: 'a Git LFS pointer', remedy: 'Run `git lfs pull` to fetch the model itself.' };
  }
  if (text.startsWith('PK\x03\x04')) {
    return {
      what: 'a zip archive or a PyTorch checkpoint',
      remedy: 'Unpack it, or export the checkpoint to ONNX first.',
    };
  }
  if (text.startsWith('\x89HDF')) return { what: 'an HDF5 file (Keras weights)', remedy: EXPORT };
  if (text.startsWith('\x1f\x8b')) return { what: 'a gzip archive', remedy: 'Unpack it first.' };
  if (text.startsWith('\x80\x02') || text.startsWith('\x80\x04'))
    return { what: 'a Python pickle', remedy: EXPORT };
  if (text.slice(4, 8) === 'ORTM') {
    return {
      what: 'a model in ONNX Runtime’s own format (.ort)',
      remedy: 'Open the .onnx file it was made from.',
    };
  }
  if (text.slice(4, 8) === 'TFL3') return { what: 'a TensorFlow Lite model', remedy: EXPORT };
  if (text.startsWith('\x93NUMPY'))
    return { what: 'a NumPy array (.npy)', remedy: 'Feed it to a model as an input.' };
  if (text.startsWith('GGUF')) return { what: 'a GGUF file', remedy: 'Patchclamp reads ONNX only.' };
  if (/^.{8}\{"/s.test(text)) return { what: 'a safetensors file', remedy: EXPORT };
  if (/^\s*(<!doctype html|<html)/i.test(text)) {
    return {
      what: 'a web page',
      remedy: 'The download went wrong (often a sign-in page): download the model itself.',
    };
  }
  if (/^\s*(ir_version|graph|producer_name)\s*[:{]/.test(text)) {
    return {
      what: 'a model in protobuf’s text form',
      remedy: 'Convert it with `onnx.save` to the binary form.',
    };
  }
  if (/^\s*[{[]\s*"/.test(text)) return { what: 'a JSON file', remedy: 'Open the .onnx file.' };
  if (head.length > 0 && /^[\t\r\n\x20-\x7e]*$/.test(text))
    return { what: 'a text file', remedy: 'Open the .onnx file.' };
  return null;
}
