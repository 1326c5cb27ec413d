/** What a page gives `<pc-neurons>`, and what it keeps for its own markup: the reactive properties alone. */
import { LitElement } from 'lit';
import type { ClampWay } from '../../src/contract/clamp';
import type { NeuronMap, Selection, ShownLayer } from '../../src/contract/hostApi';
import type { NeuronLinks, NeuronQuestion, UnitActivity } from '../../src/contract/neurons';
import { shared } from '../app/style';
import type { By, Explored, UnitRef } from './exploring';
import { neuronStyle } from './neuronStyle';

export interface NeuronPort {
  map(selection: Selection): Promise<NeuronMap>;
  activity(layer: number, signal: AbortSignal): Promise<UnitActivity>;
  links(question: NeuronQuestion, signal: AbortSignal): Promise<NeuronLinks>;
  clamp(site: string, how: ClampWay): Promise<void>;
}

export abstract class NeuronProperties extends LitElement {
  static override readonly properties = {
    port: { attribute: false },
    selection: { attribute: false },
    runId: { attribute: false },
    layers: { state: true },
    middle: { state: true },
    chosen: { state: true },
    by: { state: true },
    hops: { state: true },
    explored: { state: true },
    activities: { state: true },
    message: { state: true },
    room: { state: true },
  };
  static override readonly styles = [shared, neuronStyle];

  declare port: NeuronPort | null;
  /** What to begin with, and what others select later. */
  declare selection: Selection;
  /** Changes when another run is shown. */
  declare runId: string;
  declare layers: readonly ShownLayer[] | null;
  declare middle: number;
  declare chosen: UnitRef | null;
  declare by: By;
  declare hops: number;
  declare explored: Explored | null;
  declare activities: ReadonlyMap<number, UnitActivity>;
  declare message: string;
  declare room: number;

  constructor() {
    super();
    this.port = null;
    this.selection = { kind: 'none' };
    this.runId = '';
    this.layers = null;
    this.middle = -1;
    this.chosen = null;
    this.by = 'contribution';
    this.hops = 1;
    this.explored = null;
    this.activities = new Map();
    this.message = '';
    this.room = 400;
  }
}
