// Mocha's spec reporter, which also leaves the counts and the failures where test.mjs finds them.
const fs = require('node:fs');
const Mocha = require('mocha');

const { Spec } = (Mocha.default ?? Mocha).reporters;

module.exports = class PatchclampReporter extends Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.PATCHCLAMP_RESULTS;
    if (file === undefined) return;
    const failed = [];
    let passed = 0;
    runner.on('pass', () => passed++);
    runner.on('fail', (test) => failed.push(test.fullTitle()));
    runner.once('end', () => fs.writeFileSync(file, JSON.stringify({ passed, failed })));
  }
};
