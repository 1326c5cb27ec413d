/** Asking a model from inside VS Code: attribution of a class, experiment files, their lens, schema and findings. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { join } from 'node:path';
import type { Exports } from '../../src/contract/extensionApi';
import { writeNpy } from '../../src/tensor/npy';
import { closeAll, openModel, openSource, patchclamp, until, workspaceFile } from './helpers';

interface Kept {
  readonly findings: readonly {
    readonly title: string;
    readonly figures: readonly {
      readonly kind: string;
      readonly rows: readonly unknown[];
      readonly control: object | null;
    }[];
    readonly overlay: { readonly values: readonly { readonly site: string }[] } | null;
    readonly controls: readonly string[];
  }[];
}

const EXPERIMENT = {
  model: 'digits.onnx',
  method: 'attribution',
  feeds: { image: 'images/7.png' },
  params: { objective: 'logits[0,7] - logits[0,1]', steps: 10, stages: 2 },
  seed: 3,
};

/** As another extension would bring them; this suite runs from out/test/host. */
const METHODS = join(__dirname, '../../../test/fixtures/methods/counting.cjs');

function reportTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(
      ({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('patchclamp.report'),
    );
}

async function write(name: string, content: object): Promise<vscode.Uri> {
  const uri = workspaceFile(name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`));
  return uri;
}

describe('asking a model', () => {
  before(async () => {
    await patchclamp();
    await openModel('digits.onnx');
  });
  after(closeAll);

  it('answers what drives a class with a report beside the graph', async () => {
    await vscode.commands.executeCommand('patchclamp.whatDrives', {
      model: workspaceFile('digits.onnx').toString(),
      objective: 'logits[0,0]',
    });
    const [tab] = await until('the report is open', () => {
      const tabs = reportTabs();
      return tabs.length > 0 && tabs;
    });
    assert.ok(tab);
    await until('its title says what was found', () => tab.label.includes('logits[0,0]'));
  });

  it('offers to run an experiment file, and writes its findings beside it', async () => {
    const uri = await write('seven.clamp.json', EXPERIMENT);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      uri,
    );
    const run = lenses.find(({ command }) => command?.command === 'patchclamp.runExperiment');
    assert.ok(run?.command, 'a lens runs it');
    await vscode.commands.executeCommand(run.command.command, ...(run.command.arguments as unknown[]));
    const bytes = await vscode.workspace.fs.readFile(workspaceFile('seven.findings.json'));
    const { findings } = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
    assert.equal(findings.length, 1);
    const [finding] = findings;
    assert.ok(finding);
    assert.match(finding.title, /logits\[0,7\] - logits\[0,1\]/);
    assert.ok(finding.figures.every(({ control }) => control !== null));
    assert.ok(finding.figures.some(({ kind }) => kind === 'heatmap'));
    assert.ok(finding.overlay?.values.some(({ site }) => site === 'image'));
    assert.match(finding.controls.join(), /model randomisation/);
  });

  it('gives the same bytes when it runs again', async () => {
    const before = await vscode.workspace.fs.readFile(workspaceFile('seven.findings.json'));
    await vscode.commands.executeCommand('patchclamp.runExperiment', workspaceFile('seven.clamp.json'));
    const after = await vscode.workspace.fs.readFile(workspaceFile('seven.findings.json'));
    assert.equal(Buffer.from(after).toString(), Buffer.from(before).toString());
  });

  it('projects on a direction from a file, in an experiment and in a question', async () => {
    // From class 1 to class 7: what the experiment above asks, said as a direction.
    const data = Float32Array.from({ length: 10 }, (_, digit) => (digit === 7 ? 1 : digit === 1 ? -1 : 0));
    await vscode.workspace.fs.writeFile(
      workspaceFile('towards.npy'),
      writeNpy({ dtype: 'float32', dims: [10], data }),
    );
    const objective = 'dot(logits, towards.npy)[0]';
    const uri = await write('towards.clamp.json', {
      ...EXPERIMENT,
      params: { ...EXPERIMENT.params, objective },
    });
    await vscode.commands.executeCommand('patchclamp.runExperiment', uri);
    const valuesOf = async (name: string): Promise<readonly number[]> => {
      const bytes = await vscode.workspace.fs.readFile(workspaceFile(name));
      const { findings } = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
      const map = findings[0]?.figures.find(({ kind }) => kind === 'heatmap');
      return (map?.rows ?? []).map((row) => Number((row as readonly number[])[2]));
    };
    const [asked, projected] = [
      await valuesOf('seven.findings.json'),
      await valuesOf('towards.findings.json'),
    ];
    assert.equal(projected.length, 28 * 28);
    const most = Math.max(...asked.map(Math.abs));
    const apart = Math.max(...asked.map((value, at) => Math.abs(value - (projected[at] ?? NaN))));
    assert.ok(apart <= 1e-4 * most, `${String(apart)} apart, of ${String(most)}`);
    await vscode.commands.executeCommand('patchclamp.whatDrives', {
      model: workspaceFile('digits.onnx').toString(),
      objective,
    });
    await until('the report is about the direction', () =>
      reportTabs().some(({ label }) => label.includes('dot(logits')),
    );
  });

  it('asks by a method that another extension brought, until it takes it back', async () => {
    const { exports } = (await patchclamp()) as vscode.Extension<Exports>;
    const api = exports.getApi(1);
    assert.throws(() => exports.getApi(2 as 1), /no API 2/);
    const uri = await write('counted.clamp.json', {
      ...EXPERIMENT,
      method: 'counting',
      params: { times: 3 },
    });
    const brought = api.registerMethods(METHODS);
    assert.throws(() => api.registerMethods(METHODS), /"counting", which there is already/);
    await vscode.commands.executeCommand('patchclamp.runExperiment', uri);
    const bytes = await vscode.workspace.fs.readFile(workspaceFile('counted.findings.json'));
    const { findings } = JSON.parse(new TextDecoder().decode(bytes)) as Kept;
    assert.deepEqual(findings[0]?.figures[0]?.rows, [['elements', 3 * 28 * 28]]);
    brought.dispose();
    await vscode.workspace.fs.delete(workspaceFile('counted.findings.json'));
    await vscode.commands.executeCommand('patchclamp.runExperiment', uri);
    assert.deepEqual(await vscode.workspace.findFiles('counted.findings.json'), []);
  });

  it('completes methods and parameters by schema, and models, inputs and values by looking', async () => {
    const uri = await write('draft.clamp.json', {
      model: '',
      method: '',
      feeds: { image: '' },
      params: { objective: '' },
    });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const offered = async (after: string): Promise<string[]> => {
      const at = document.positionAt(document.getText().indexOf(after) + after.length);
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        at,
      );
      return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    };
    const models = await until('models are offered', async () => {
      const labels = await offered('"model": "');
      return labels.includes('digits.onnx') && labels;
    });
    assert.ok(models.includes('variants/untrained.onnx'), models.join());
    const edit = new vscode.WorkspaceEdit();
    const at = document.positionAt(document.getText().indexOf('"model": "') + '"model": "'.length);
    edit.insert(uri, at, 'digits.onnx');
    await vscode.workspace.applyEdit(edit);
    assert.ok((await offered('"image": "')).includes('images/7.png'));
    assert.ok((await offered('"objective": "')).includes('logits'));
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('says what is wrong with an experiment instead of running it', async () => {
    const uri = await write('wrong.clamp.json', { ...EXPERIMENT, method: 'divination' });
    await vscode.commands.executeCommand('patchclamp.runExperiment', uri);
    const found = await vscode.workspace.findFiles('wrong.findings.json');
    assert.deepEqual(found, []);
  });

  it('keeps the source open while its lines carry heat', async () => {
    const editor = await openSource('model.py');
    assert.ok(editor.document.lineCount > 0);
    await vscode.commands.executeCommand('patchclamp.clearFindings');
  });
});
