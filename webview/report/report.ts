/**
 * `<pc-report>`: what was asked of a model and what was found: the verdict of the controls first, every figure with its
 * control beside it, then what to read with care and what it takes to run it again.
 */
import { LitElement, html, nothing } from 'lit';
import { describe, isFailure } from '../../src/base/errors';
import type { Finding, Provenance } from '../../src/contract/method';
import type { ReportApi, ReportEvents, ReportSnapshot } from '../../src/contract/reportApi';
import type { Connection } from '../app/connection';
import { shared } from '../app/style';
import { setWords, word } from '../app/words';
import '../kit/button';
import { define } from '../kit/define';
import '../kit/progress';
import './figure';
import { reportStyle } from './style';

export class PcReport extends LitElement {
  static override readonly properties = { snapshot: { state: true }, message: { state: true } };
  static override readonly styles = [shared, reportStyle];

  declare snapshot: ReportSnapshot | null;
  declare message: string;
  #connection: Connection<ReportApi, ReportEvents> | undefined;

  constructor() {
    super();
    this.snapshot = null;
    this.message = '';
  }

  /** Starts talking to the host. Once. */
  async start(connection: Connection<ReportApi, ReportEvents>): Promise<void> {
    this.#connection = connection;
    connection.on('snapshot', (snapshot) => {
      this.#set(snapshot);
    });
    this.#set(await connection.host.ready());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'main');
  }

  override render(): unknown {
    const { snapshot } = this;
    if (snapshot === null) return html`<p class="faint" role="status">${word('reading')}</p>`;
    return html`
      <div class="head">
        <h1>${snapshot.title}</h1>
        <p class="faint">${[snapshot.model, snapshot.inputs].filter((text) => text !== '').join(' · ')}</p>
        ${this.#buttons(snapshot)}
      </div>
      ${this.#progress(snapshot)} ${this.#trouble(snapshot)}
      ${snapshot.findings.map((finding, index) => this.#finding(finding, index, snapshot))}
      ${
        snapshot.findings.length === 0 && snapshot.running === null && snapshot.trouble === null
          ? html`<p>${word('stopped')}</p>`
          : nothing
      }
      <div class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    `;
  }

  #set(snapshot: ReportSnapshot): void {
    if (this.snapshot !== null && snapshot.revision < this.snapshot.revision) return;
    setWords(snapshot.words);
    this.snapshot = snapshot;
    const { running } = snapshot;
    this.message =
      running === null ? snapshot.title : word('progress', running.text, running.done, running.total);
  }

  #buttons({ running, experiment, paper }: ReportSnapshot): unknown {
    return html`<div class="buttons">
      ${
        running === null
          ? html`<pc-button @click=${() => this.#tell((host) => host.runAgain())}
              >${word('runAgain')}</pc-button
            >`
          : html`<pc-button look="primary" @click=${() => this.#tell((host) => host.stop())}
              >${word('stop')}</pc-button
            >`
      }
      <pc-button @click=${() => this.#tell((host) => host.experiment())}>
        ${experiment === null ? word('experiment') : word('openExperiment', experiment)}
      </pc-button>
      ${
        paper === null
          ? nothing
          : html`<button class="link" @click=${() => this.#tell((host) => host.openPaper())}>
              ${paper.title}
            </button>`
      }
    </div>`;
  }

  #progress({ running }: ReportSnapshot): unknown {
    if (running === null) return nothing;
    const share = running.total === 0 ? 0 : running.done / running.total;
    return html`<div class="progress">
      <pc-progress label=${running.text}></pc-progress>
      <span>${word('progress', running.text, running.done, running.total)}</span>
      <progress max="1" .value=${share} aria-label=${running.text}></progress>
    </div>`;
  }

  #trouble({ trouble }: ReportSnapshot): unknown {
    if (trouble === null) return nothing;
    return html`<div class="trouble" role="alert">
      <span class="problem">${trouble.what}</span> ${trouble.remedy}
      <button class="link" @click=${() => this.#tell((host) => host.showLog())}>${word('showLog')}</button>
    </div>`;
  }

  #finding(finding: Finding, index: number, snapshot: ReportSnapshot): unknown {
    const said = finding.title === snapshot.title ? 'visually-hidden' : '';
    return html`<section>
      <h2 class=${said}>${finding.title}</h2>
      <h3>${word('controls')}</h3>
      <ul class="controls">
        ${finding.controls.map((control) => verdict(control))}
      </ul>
      ${finding.figures.map(
        (figure, at) =>
          html`<pc-figure
            heading=${figure.title}
            .figure=${figure}
            @pc-site=${({ detail }: CustomEvent<string>) => this.#tell((host) => host.revealSite(detail))}
            @pc-csv=${() => this.#tell((host) => host.saveFigure(index, at))}
          ></pc-figure>`,
      )}
      <h3>${word('caveats')}</h3>
      <ul>
        ${finding.caveats.map((caveat) => html`<li>${caveat}</li>`)}
      </ul>
      <h3>${word('provenance')}</h3>
      ${provenance(finding.provenance)}
    </section>`;
  }

  #tell(call: (host: Connection<ReportApi, ReportEvents>['host']) => Promise<unknown>): void {
    const host = this.#connection?.host;
    if (host === undefined) return;
    call(host).catch((error: unknown) => {
      this.message = describe(error);
      if (!isFailure(error)) void host.report(describe(error)).catch(() => undefined);
    });
  }
}

/** A control's sentence, marked when it begins by saying that it passed or failed; by sign and word, not by colour alone. */
function verdict(sentence: string): unknown {
  const failed = sentence.startsWith('FAILED');
  const passed = sentence.startsWith('Passed');
  if (!failed && !passed) return html`<li>${sentence}</li>`;
  return html`<li class=${failed ? 'failed' : 'passed'}>
    <span class="mark" aria-hidden="true">${failed ? '✗' : '✓'}</span>${sentence}
  </li>`;
}

function provenance({ model, modelHash, params, seed, versions, feeds }: Provenance): unknown {
  const rows: readonly (readonly [string, string])[] = [
    [word('model'), model],
    [word('hash'), modelHash],
    [
      word('inputs'),
      Object.entries(feeds)
        .map(([name, hash]) => `${name} ${hash}`)
        .join(', '),
    ],
    [
      word('parameters'),
      Object.entries(params)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join('  '),
    ],
    [word('seed'), String(seed)],
    [
      word('versions'),
      Object.entries(versions)
        .map(([name, version]) => `${name}: ${version}`)
        .join(', '),
    ],
  ];
  return html`<dl>
    ${rows.map(
      ([name, text]) =>
        html`<dt>${name}</dt>
          <dd>${text}</dd>`,
    )}
  </dl>`;
}

define('pc-report', PcReport);

declare global {
  interface HTMLElementTagNameMap {
    'pc-report': PcReport;
  }
}
