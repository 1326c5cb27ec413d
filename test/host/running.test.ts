/** Running a model from inside VS Code: what the source says afterwards, and what stays when the engine dies. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as vscode from 'vscode';
import { closeAll, hoverText, openModel, openSource, patchclamp, until, workspaceFile } from './helpers';

const LINE = 'return self.norm(self.conv(x))';

async function hoverOn(text: string, word: string): Promise<string> {
  const document = await vscode.workspace.openTextDocument(workspaceFile('model.py'));
  const lines = document.getText().split('\n');
  return hoverText(
    document.uri,
    lines.findIndex((line) => line.includes(text)),
    word,
  );
}

/** Processes this extension host has forked for the engine. */
function engines(): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === process.pid && args.join(' ').includes('engine.js'))
    .map(([pid]) => Number(pid));
}

async function runAgain(): Promise<void> {
  await vscode.commands.executeCommand('patchclamp.runAgain', {
    model: workspaceFile('digits.onnx').toString(),
  });
}

describe('running a model', () => {
  before(async () => {
    await patchclamp();
    await openModel('digits.onnx');
    await openSource('model.py');
    await until('the model is linked', async () => (await hoverOn(LINE, 'self.conv')).includes('stem.conv'));
  });
  after(closeAll);

  it('shows in a hover what the run did', async () => {
    await runAgain();
    const text = await hoverOn('return self.pool(F.relu(self.conv(image)))', 'pool');
    assert.match(text, /1×16×14×14/);
    assert.match(text, /mean .* ± /);
    assert.match(text, /Run \d+/);
  });

  it('shows the shapes of the run after the calls', async () => {
    const found = await until('shapes of the run are there', async () => {
      const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
        'vscode.executeInlayHintProvider',
        workspaceFile('model.py'),
        new vscode.Range(0, 0, 1000, 0),
      );
      const labels = hints.map(({ label }) =>
        typeof label === 'string' ? label : label.map(({ value }) => value).join(''),
      );
      return labels.some((label) => label.startsWith('1×')) && labels;
    });
    assert.ok(
      found.some((label) => label.includes('1×16×28×28')),
      found.join(),
    );
  });

  it('keeps what it has when the engine is killed, and runs again', async () => {
    const [pid] = engines();
    assert.ok(pid !== undefined, 'the engine runs');
    process.kill(pid, 'SIGKILL');
    await until('it is gone', () => !engines().includes(pid));
    assert.match(await hoverOn(LINE, 'self.conv'), /Run \d+/);
    await runAgain();
    const [next] = engines();
    assert.ok(next !== undefined && next !== pid, 'a new engine answers');
  });

  it('reads a hover without starting the engine', async () => {
    for (const pid of engines()) process.kill(pid, 'SIGKILL');
    await until('no engine runs', () => engines().length === 0);
    await hoverOn(LINE, 'self.conv');
    assert.deepEqual(engines(), []);
  });
});
