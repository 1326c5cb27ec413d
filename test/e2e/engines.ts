/** The engine's processes below this one, as the machine lists them: other tests' are left alone. */
import { execFileSync } from 'node:child_process';

export function engines(): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const all = listing
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, args = '']) => ({ pid: Number(pid), parent: Number(parent), args }));
  const below = new Set([process.pid]);
  for (let grown = true; grown;) {
    const found = all.filter(({ pid, parent }) => below.has(parent) && !below.has(pid));
    found.forEach(({ pid }) => below.add(pid));
    grown = found.length > 0;
  }
  return all.filter(({ pid, args }) => below.has(pid) && args.includes('engine.js')).map(({ pid }) => pid);
}
