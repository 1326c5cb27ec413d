/** The interventions that stand in each model: a list a person sees all the time, kept in the workspace's own state. */
import type { Memento } from 'vscode';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Clamp } from '../contract/clamp';
import { isClamp } from '../study/clamps';
import type { OpenModel } from './openModel';

export class Clamps implements Disposable {
  readonly #changed = new Emitter<OpenModel>();
  readonly #lists = new WeakMap<OpenModel, readonly Clamp[]>();
  #made = 0;
  readonly onDidChange = this.#changed.event;

  constructor(private readonly memory: Memento) {}

  of(model: OpenModel): readonly Clamp[] {
    const known = this.#lists.get(model);
    if (known !== undefined) return known;
    const kept = this.memory.get<unknown>(keyOf(model));
    const list = Array.isArray(kept) ? kept.filter(isClamp) : [];
    this.#lists.set(model, list);
    return list;
  }

  /** Adds one, or takes the place of the one on the same site. */
  async add(model: OpenModel, clamp: Pick<Clamp, 'site' | 'kind' | 'number'>): Promise<void> {
    const same = this.of(model).find(({ site }) => site === clamp.site);
    const id = same?.id ?? `${Date.now().toString(36)}-${String(this.#made++)}`;
    await this.put(model, { ...clamp, id, active: true });
  }

  /** Puts one in the place of the one with its id, or at the end. */
  async put(model: OpenModel, clamp: Clamp): Promise<void> {
    const list = this.of(model);
    const known = list.some(({ id }) => id === clamp.id);
    await this.#keep(
      model,
      known ? list.map((each) => (each.id === clamp.id ? clamp : each)) : [...list, clamp],
    );
  }

  async remove(model: OpenModel, id: string): Promise<void> {
    await this.#keep(
      model,
      this.of(model).filter((clamp) => clamp.id !== id),
    );
  }

  async clear(model: OpenModel): Promise<void> {
    await this.#keep(model, []);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #keep(model: OpenModel, list: readonly Clamp[]): Promise<void> {
    this.#lists.set(model, list);
    this.#changed.fire(model);
    await this.memory.update(keyOf(model), list.length === 0 ? undefined : list);
  }
}

/** The node that makes what is clamped, where it is one of the main graph. */
export function heldNode(model: OpenModel, { site }: Clamp): { readonly id: number } | undefined {
  const names = model.content?.names;
  return [site, site.replace(/[#@!].*$/s, '')]
    .map((name) => names?.producer(name))
    .find((node) => node !== undefined);
}

function keyOf(model: OpenModel): string {
  return `clamps:${model.uri.toString()}`;
}
