/** The methods there are now: those of Patchclamp, and those that modules brought. */
import type { Disposable } from '../base/disposable';
import type { Method } from '../contract/method';
import { Contributed } from './contributed';
import { methods as builtIn } from './index';

export class MethodList {
  constructor(
    private readonly own: readonly Method[] = builtIn,
    private readonly contributed = new Contributed(own.map(({ id }) => id)),
  ) {}

  get all(): readonly Method[] {
    return [...this.own, ...this.contributed.methods];
  }

  /** The module a method came from; undefined for Patchclamp's own. */
  moduleOf(method: Method): string | undefined {
    return this.contributed.moduleOf(method);
  }

  /** Adds a module's methods until the result is disposed. Throws `usage`; then none of them is added. */
  add(module: string): Disposable {
    return this.contributed.add(module);
  }
}
