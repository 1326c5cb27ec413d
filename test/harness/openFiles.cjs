// A hook of every Mocha run here: each file that was opened through fs/promises is closed by the end, or the run fails and
// says who opened it. Node closes forgotten ones when it collects them, and warns that it will stop doing so.
const { syncBuiltinESMExports } = require('node:module');
const fs = require('node:fs/promises');

const SHOWN = 5;
const opened = [];
const { open } = fs;

fs.open = async function (...args) {
  const { stack } = new Error('opened');
  const handle = await open.apply(this, args);
  opened.push({ handle, stack });
  return handle;
};
syncBuiltinESMExports();

/** Where our own code opened it, innermost first. */
function whence(stack) {
  const lines = stack
    .split('\n')
    .filter((line) => /\/(?:src|test)\//.test(line) && !line.includes('openFiles.cjs'));
  return lines.map((line) => line.trim()).join('\n      ');
}

exports.mochaHooks = {
  afterAll() {
    const left = opened.filter(({ handle }) => handle.fd !== -1).map(({ stack }) => whence(stack));
    if (left.length === 0) return;
    const places = [...new Set(left)];
    const shown = places.slice(0, SHOWN).map((place) => `\n    ${place}`);
    throw new Error(
      `${left.length} files were left open, from ${places.length} places:${shown.join('')}${places.length > SHOWN ? '\n    …' : ''}`,
    );
  },
};
