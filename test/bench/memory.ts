/** Memory of this process, as the operating system counts it. */
import { readFileSync } from 'node:fs';

/** Resident bytes now. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** The most this process has had resident so far, in bytes; on Linux exact, elsewhere what Node knows. */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
