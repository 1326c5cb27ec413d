/**
 * The layout worker's script. A webview may not start a worker from another origin, so the script is fetched once and
 * started from a blob, which the page's policy allows.
 */

/**
 * Fetches the script; returns what starts a worker from it. The first is started at once: a page's only thread has other
 * things to do once there is a model, and no worker starts without it. Rejects when the script cannot be fetched.
 */
export async function prepareLayoutWorker(url: string): Promise<() => Worker> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The layout worker cannot be loaded (${String(response.status)}).`);
  const script = URL.createObjectURL(new Blob([await response.text()], { type: 'text/javascript' }));
  let spare: Worker | undefined = new Worker(script);
  return () => {
    const worker = spare ?? new Worker(script);
    spare = undefined;
    return worker;
  };
}
