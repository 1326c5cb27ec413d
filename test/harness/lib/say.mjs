// What the harness tells the person at the terminal: one line per step, with the time that step took.
const started = Date.now();

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

export function say(text) {
  process.stdout.write(
    `[patchclamp ${String(Math.round((Date.now() - started) / 1000)).padStart(3)}s] ${text}\n`,
  );
}

/** Runs `work`, saying when it begins and how long it took; an error passes through. */
export async function step(title, work) {
  const begin = Date.now();
  say(`${title} …`);
  const result = await work();
  say(`${title}: done in ${seconds(Date.now() - begin)}`);
  return result;
}

/** A failure whose message is all that the person needs: no stack is printed for it. */
export class Plain extends Error {}

export function report(error) {
  process.stderr.write(`${error instanceof Plain ? error.message : (error?.stack ?? String(error))}\n`);
}
