/** A reduction as it was asked for, over the values of one site: slices, directions and axes placed, then the pure reducer. */
import { Failure } from '../../base/errors';
import type { Reduced, Reduction } from '../../contract/stream';
import type { TensorData, TensorSummary } from '../../contract/tensor';
import { toNumbers } from '../../tensor/buffers';
import { formatShape, sizeOf } from '../../tensor/shape';
import { Summarizer } from '../../tensor/stats';
import { Counts } from '../../tensor/streaming/counts';
import { Covariance } from '../../tensor/streaming/covariance';
import { Moments } from '../../tensor/streaming/moments';
import { pieceOf, project, type Piece, type Reducer } from '../../tensor/streaming/piece';
import { Quantiles } from '../../tensor/streaming/quantiles';
import { Top } from '../../tensor/streaming/top';
import { stackRows } from './batch';

/** Where an axis lies among those of a value; throws `bad-site`. */
export type PlaceAxis = (axis: string | number, rank: number) => number;

/** Most indices between which covariances are kept. */
const MOST_COVARIANCES = 4096;
/** Most entries that a reduction may keep. */
const MOST_KEPT = 1 << 27;

/** One reduction of a stream: takes the site's values and gives the answer at any time. */
export class SiteReducer {
  #reducer: Reducer<Exclude<Reduced, { kind: 'each' }>> | undefined;
  #size = 0;
  readonly #rows: TensorData[] = [];

  constructor(
    readonly reduction: Reduction,
    private readonly placeAxis: PlaceAxis,
  ) {
    refuseNonsense(reduction);
  }

  /** Takes the values of `rows` examples, of which `first` is the first one's number. */
  add(tensor: TensorData, rows: number, first: number): void {
    const { reduction } = this;
    const { dtype, dims, data } = tensor;
    if (!ArrayBuffer.isView(data)) throw bad(`"${reduction.site}" holds texts`, 'Choose a value of numbers.');
    if (dims.length > 0 && rows > 1 && dims[0] !== rows)
      throw bad(`"${reduction.site}" has no row per example`, 'Feed the examples one by one.');
    let [numbers, shape]: [ArrayLike<number>, readonly number[]] = [toNumbers(dtype, data), dims];
    const { direction } = reduction;
    if (direction !== undefined) {
      const along = this.placeAxis(reduction.along ?? 'unit', dims.length);
      if (!ArrayBuffer.isView(direction.data) || direction.data.length !== dims[along]) {
        throw bad(
          `The direction for "${reduction.site}" has shape ${formatShape(direction.dims)}, and the axis has ${String(dims[along] ?? 0)}`,
          'Give one number per element of the axis.',
        );
      }
      ({ numbers, dims: shape } = project(numbers, dims, along, toNumbers(direction.dtype, direction.data)));
    }
    if (reduction.kind === 'each') {
      const row =
        direction === undefined
          ? tensor
          : { dtype: 'float64' as const, dims: shape, data: Float64Array.from(numbers) };
      const [known] = this.#rows;
      if (known !== undefined && formatShape(known.dims.slice(1)) !== formatShape(shape.slice(1)))
        throw bad(`"${reduction.site}" changes its shape from one example to the next`, 'Reduce it instead.');
      this.#rows.push(row);
      return;
    }
    const asked = reduction.kind === 'summary' ? undefined : reduction.per;
    const per = asked === undefined ? null : this.#axis(asked, dims, shape);
    const piece = pieceOf(numbers, shape, per, rows, first);
    if (this.#reducer === undefined) {
      this.#size = piece.count;
      this.#reducer = reducerFor(reduction, piece.count);
    } else if (piece.count !== this.#size) {
      throw bad(
        `"${reduction.site}" has ${String(piece.count)} along "${String(asked)}" here and had ${String(this.#size)} before`,
        'Reduce along an axis that keeps its length.',
      );
    }
    this.#reducer.add(piece);
  }

  /** The answer so far; rows for `each`, undefined before the first example. */
  finish():
    Exclude<Reduced, { kind: 'each' }> | { readonly kind: 'each'; readonly rows: TensorData } | undefined {
    if (this.reduction.kind === 'each')
      return this.#rows.length === 0 ? undefined : { kind: 'each', rows: stackRows(this.#rows) };
    return this.#reducer?.finish();
  }

  /** The axis `per` among those that are left once the direction's is gone. */
  #axis(per: string | number, dims: readonly number[], shape: readonly number[]): number {
    const at = this.placeAxis(per, dims.length);
    if (dims.length === shape.length) return at;
    const along = this.placeAxis(this.reduction.along ?? 'unit', dims.length);
    if (at === along)
      throw bad(
        `The axis "${String(per)}" of "${this.reduction.site}" is gone in the dot product`,
        'Name another one.',
      );
    return at > along ? at - 1 : at;
  }
}

function reducerFor(
  reduction: Exclude<Reduction, { kind: 'each' }>,
  size: number,
): Reducer<Exclude<Reduced, { kind: 'each' }>> {
  const { site } = reduction;
  const room = (entries: number): void => {
    if (entries <= MOST_KEPT) return;
    throw bad(
      `Keeping ${String(entries)} numbers for "${site}" would take too much memory`,
      'Ask for fewer.',
    );
  };
  switch (reduction.kind) {
    case 'moments':
      return new Moments(size);
    case 'top':
      room(size * reduction.k);
      return new Top(size, reduction.k, reduction.least === true);
    case 'histogram':
      room(size * reduction.bins);
      return new Counts(size, reduction.from, reduction.to, reduction.bins);
    case 'quantile':
      room(size * 2048);
      return new Quantiles(size, reduction.at);
    case 'covariance':
      if (size > MOST_COVARIANCES)
        throw bad(
          `Covariances between ${String(size)} indices of "${site}" are too many`,
          `At most ${String(MOST_COVARIANCES)} fit.`,
        );
      return new Covariance(size);
    case 'summary':
      return new Summary();
  }
}

class Summary implements Reducer<{ readonly kind: 'summary'; readonly summary: TensorSummary }> {
  readonly #summarizer = new Summarizer();

  add({ numbers, outer, count, inner }: Piece): void {
    if (numbers.length === sizeOf([outer, count, inner])) this.#summarizer.add(numbers);
  }

  finish(): { readonly kind: 'summary'; readonly summary: TensorSummary } {
    return { kind: 'summary', summary: this.#summarizer.finish() };
  }
}

function refuseNonsense(reduction: Reduction): void {
  const { kind, site } = reduction;
  if (kind === 'top' && !(Number.isInteger(reduction.k) && reduction.k > 0))
    throw bad(`The top ${String(reduction.k)} of "${site}" is no count`, 'Ask for 1 or more.');
  if (
    kind === 'histogram' &&
    !(reduction.to > reduction.from && Number.isInteger(reduction.bins) && reduction.bins > 0)
  )
    throw bad(
      `The histogram of "${site}" has no bins between ${String(reduction.from)} and ${String(reduction.to)}`,
      'Give a range and 1 bin or more.',
    );
  if (kind === 'quantile' && reduction.at.some((share) => !(share >= 0 && share <= 1)))
    throw bad(`A quantile of "${site}" lies outside of 0 to 1`, 'Give shares between 0 and 1.');
}

function bad(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-site', message: `${message}.`, remedy });
}
