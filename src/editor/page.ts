/**
 * The HTML of the model editor's webview: one script, one nonce, nothing remote. The nonce is also given to the
 * toolkit (`csp-nonce`), which puts it on the style elements it makes. The graph's worker is fetched from the
 * extension's own folder and started from a blob, because a webview cannot start a worker from another origin.
 */
import { randomBytes } from 'node:crypto';

export interface PageParts {
  /** `webview.cspSource`. */
  readonly cspSource: string;
  readonly script: string;
  /** '' for a page that needs none. */
  readonly worker: string;
  readonly title: string;
  readonly language: string;
  /** What the page is about, for what VS Code keeps of it across reloads. */
  readonly id?: string;
}

export function modelPage(parts: PageParts): string {
  return webviewPage(parts, 'pc-app');
}

/** A page that holds one element, which its script defines. */
export function webviewPage(parts: PageParts, element: string): string {
  const nonce = randomBytes(18).toString('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${parts.cspSource} 'nonce-${nonce}'`,
    `font-src ${parts.cspSource}`,
    `img-src ${parts.cspSource} data: blob:`,
    `connect-src ${parts.cspSource}`,
    `worker-src blob:`,
  ].join('; ');
  return `<!doctype html>
<html lang="${attribute(parts.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(parts.title)}</title>
<style nonce="${nonce}">
html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }
${element} { height: 100%; }
</style>
</head>
<body data-worker="${attribute(parts.worker)}" data-nonce="${nonce}" data-id="${attribute(parts.id ?? '')}">
<${element}></${element}>
<script nonce="${nonce}" src="${attribute(parts.script)}"></script>
</body>
</html>`;
}

/** Escapes text for an attribute or an element. */
function attribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
