/** The engine's processes, as the machine lists them. */
import { execFileSync } from 'node:child_process';

/** Processes this extension host has forked for the engine. */
export function engines(): number[] {
  const listing = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === process.pid && args.join(' ').includes('engine.js'))
    .map(([pid]) => Number(pid));
}
