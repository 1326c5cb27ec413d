// Mocha's spec reporter, which also leaves the counts and the failures, in all and by file, where test.mjs finds them.
const path = require('node:path');
const fs = require('node:fs');
const Mocha = require('mocha');

const { Spec } = (Mocha.default ?? Mocha).reporters;

module.exports = class PatchclampReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.PATCHCLAMP_RESULTS;
    if (file === undefined) return;
    const failed = [];
    const files = {};
    let passed = 0;
    const of = (test) => (files[path.relative(process.cwd(), test.file ?? '')] ??= { passed: 0, failed: [] });
    runner.on('pass', (test) => {
      passed++;
      of(test).passed++;
    });
    runner.on('fail', (test) => {
      failed.push(test.fullTitle());
      of(test).failed.push(test.fullTitle());
    });
    runner.once('end', () => fs.writeFileSync(file, JSON.stringify({ passed, failed, files })));
  }
};
