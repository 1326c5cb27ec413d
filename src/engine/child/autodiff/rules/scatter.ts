/**
 * Writing into a tensor at places: by index along an axis (ScatterElements), by whole addresses (ScatterND) or from an
 * index on (TensorScatter), setting, adding, multiplying, or keeping the least or greatest. Ties of an extremum share
 * evenly, as torch.scatter_reduce has it.
 */
import type { Value } from '../builder';
import type { RuleContext } from '../rule';
import { rule, type RuleTable } from './define';

export const scatter: RuleTable = {
  Scatter: rule((c) => scattered(c, elements(c))),
  ScatterElements: rule((c) => scattered(c, elements(c))),
  ScatterND: rule((c) => scattered(c, rows(c))),
  TensorScatter: rule((c) => {
    const places = cached(c);
    return [places.write(c.g(), c.b.zerosLike(c.x(1)), 'none'), places.read(c.g()), null];
  }),
};

/** Reading and writing at the node's places. */
interface Places {
  /** What stands there. */
  read(from: Value): Value;
  /** `updates` written into `base`. */
  write(base: Value, updates: Value, reduction: string): Value;
}

function elements(c: RuleContext): Places {
  const axis = c.axis('axis', 0);
  const { b } = c;
  const { dims } = c.x(2);
  return {
    read: (from) => b.one('GatherElements', [from, c.x(1)], from.dtype, dims, { axis }),
    write: (base, updates, reduction) =>
      b.one('ScatterElements', [base, c.x(1), updates], base.dtype, base.dims, { axis, reduction }),
  };
}

function rows(c: RuleContext): Places {
  const { b } = c;
  const { dims } = c.x(2);
  return {
    read: (from) => b.one('GatherND', [from, c.x(1)], from.dtype, dims),
    write: (base, updates, reduction) =>
      b.one('ScatterND', [base, c.x(1), updates], base.dtype, base.dims, { reduction }),
  };
}

/** A cache [batch, …, length, …] into which each row writes its update from an index of its own on, perhaps round and round. */
function cached(c: RuleContext): Places {
  const { b } = c;
  const [past, update] = [c.x(0), c.x(1)];
  const axis = c.axis('axis', -2);
  const shape = (length: number, at: number): number[] => past.dims.map((_, i) => (i === at ? length : 1));
  const steps = b.reshape(b.range(update.dims[axis] ?? 0), shape(update.dims[axis] ?? 0, axis));
  const starts = c.maybeX(2);
  const places = starts === null ? steps : b.add(b.reshape(starts, shape(past.dims[0] ?? 0, 0)), steps);
  const round =
    c.string('mode', 'linear') === 'circular'
      ? b.binary('Mod', places, b.scalar(past.dims[axis] ?? 1, 'int64'))
      : places;
  const indices = b.expand(round, update.dims);
  return {
    read: (from) => b.one('GatherElements', [from, indices], from.dtype, update.dims, { axis }),
    write: (base, updates) =>
      b.one('ScatterElements', [base, indices, updates], base.dtype, base.dims, { axis }),
  };
}

function scattered(c: RuleContext, places: Places): (Value | null)[] {
  const { b } = c;
  const g = c.g();
  const updates = c.x(2);
  const reduction = c.string('reduction', 'none');
  switch (reduction) {
    case 'none':
      return [places.write(g, b.zerosLike(updates), 'none'), null, places.read(g)];
    case 'add':
      return [g, null, places.read(g)];
    case 'mul':
      return products(c, places);
    default:
      return extrema(c, places);
  }
}

/** Each factor gets the product of the others, exact with zeros among them. */
function products(c: RuleContext, places: Places): (Value | null)[] {
  const { b } = c;
  const [data, updates, g] = [c.x(0), c.x(2), c.g()];
  const none = b.zerosLike(data);
  const [zero, one] = [b.scalar(0, updates), b.scalar(1, updates)];
  const ones = b.full(data.dims, 1, data.dtype);
  const isZero = b.equal(updates, zero);
  const safe = b.where(isZero, one, updates);
  const zeros = places.read(places.write(none, b.cast(isZero, data.dtype), 'add'));
  const product = places.read(places.write(ones, safe, 'mul'));
  const others = b.where(
    b.equal(zeros, zero),
    b.div(product, safe),
    b.where(b.and(isZero, b.equal(zeros, one)), product, zero),
  );
  return [
    b.mul(g, places.write(ones, updates, 'mul')),
    null,
    b.mul(b.mul(places.read(g), places.read(data)), others),
  ];
}

function extrema(c: RuleContext, places: Places): (Value | null)[] {
  const { b } = c;
  const [data, updates, y] = [c.x(0), c.x(2), c.y()];
  const kept = b.cast(b.equal(data, y), data.dtype);
  const won = b.cast(b.equal(updates, places.read(y)), data.dtype);
  const share = b.div(c.g(), places.write(kept, won, 'add'));
  return [b.mul(kept, share), null, b.mul(won, places.read(share))];
}
