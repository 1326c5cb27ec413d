/** How much memory a process holds now, asked of the operating system. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Linux counts in pages; Node does not say their size, and it is 4 KB wherever onnxruntime-node is built for. */
const PAGE = 4096;

/** Resident bytes that are its own, not mapped from files; undefined when the process is gone or nobody says. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    if (process.platform === 'linux') {
      const [, resident = '', shared = ''] = (await readFile(`/proc/${String(pid)}/statm`, 'utf8')).split(
        ' ',
      );
      // Weights mapped from the model's file are given back whenever memory runs short: they do not count.
      return (Number(resident) - Number(shared)) * PAGE;
    }
    if (process.platform === 'win32') {
      const { stdout } = await run('tasklist', ['/FI', `PID eq ${String(pid)}`, '/FO', 'CSV', '/NH']);
      const kilobytes = /"([\d.,\s\u00a0]+) K"/.exec(stdout)?.[1]?.replace(/\D/g, '');
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout.trim()) * 1024;
  } catch (error) {
    // Gone between two looks: its end is reported by its exit.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
