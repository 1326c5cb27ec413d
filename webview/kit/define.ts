/** Defines a custom element once, however often its module is evaluated. */
export function define(name: string, constructor: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, constructor);
}

/** A value changed by a person: what every kit control fires. */
export class ChangeEvent<T> extends CustomEvent<T> {
  constructor(value: T) {
    super('pc-change', { detail: value, bubbles: true, composed: true });
  }
}
